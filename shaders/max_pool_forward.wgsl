// y[n,oy,ox,c] = max over i,j of x[n, oy*sy+i-top, ox*sx+j-left, c];  argmax[n,oy,ox,c] = i*pool_width+j of the first largest
// One invocation owns four consecutive elements of y and the word of `argmax` that holds their positions within the window, 8 bits each.
#if ${vec}
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
#else
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
#endif
@group(0) @binding(2) var<storage, read_write> argmax: array<u32>;

#if ${vec}
alias Element = vec4f;
alias Place = vec4u;
const elements = 4u;
#else
alias Element = f32;
alias Place = u32;
const elements = 1u;
#endif

struct Winner { value: Element, place: Place, }

fn winner(at: u32) -> Winner {
  let c = at % channels;
  let column = i32(at / channels % out_width * stride_x) - i32(pad_left);
  let row = i32(at / channels / out_width % out_height * stride_y) - i32(pad_top);
  let image = at / channels / out_width / out_height;
  var best = Winner();
  var empty = true; // padding is never the maximum, because every window contains a real pixel
  for (var i = 0u; i < pool_height; i++) {
    for (var j = 0u; j < pool_width; j++) {
      let iy = row + i32(i);
      let ix = column + i32(j);
      if (iy >= 0 && iy < i32(in_height) && ix >= 0 && ix < i32(in_width)) {
        let value = x[((image * in_height + u32(iy)) * in_width + u32(ix)) * channels / elements + c / elements];
#if ${vec}
        let better = wins(value, best.value) | vec4<bool>(empty);
#else
        let better = wins(vec4f(value), vec4f(best.value)).x | empty;
#endif
        best = Winner(select(best.value, value, better), select(best.place, Place(i * pool_width + j), better));
        empty = false;
      }
    }
  }
  return best;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let first = index * 4u;
  let total = batch * out_height * out_width * channels;
  if (first >= total) { return; }
#if ${vec}
  let best = winner(first);
  y[index] = best.value;
  let place = best.place;
  argmax[index] = place.x | (place.y << 8u) | (place.z << 16u) | (place.w << 24u);
#else
  var word = 0u;
  for (var i = 0u; i < min(4u, total - first); i++) {
    let best = winner(first + i);
    y[first + i] = best.value;
    word |= best.place << (8u * i);
  }
  argmax[index] = word;
#endif
}
