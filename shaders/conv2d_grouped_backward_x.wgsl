// dx[n,iy,ix,ci] = act'(x) * sum over kh,kw,co of dy[n, (iy+top-kh)/sy, (ix+left-kw)/sx, first(ci)+co] * w[kh,kw,ci % group_in,first(ci)+co]
// act is the activation that made x, so dx is the gradient before it. Input channel ci reaches the group_out output channels
// of its own group, from first(ci) = ci / group_in * group_out on; co counts within them. One invocation owns ${pixels} pixels of x
// and ${quads} x 4 input channels of one group, and walks over the sum ${width} output channels at a time. With subgroups, 4 neighbours
// own the same channels of other pixels: each loads a quarter of w and hands it round. Pixels are counted image by image within
// a place, so that those of a tile meet the border together and skip what is beyond. A dilated kernel's kh and kw count
// dilation_y rows and dilation_x columns of x.
#if ${subgroups}
enable subgroups;
diagnostic(off, subgroup_uniformity); // all four neighbours skip together
#endif
@group(0) @binding(0) var<storage, read> w: array<${load}>;
@group(0) @binding(1) var<storage, read> dy: array<${load}>;
#if ${vec_in}
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
#else
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
#endif
#if ${activated}
#if ${vec_in}
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
#else
@group(0) @binding(3) var<storage, read> x: array<f32>;
#endif
#endif

override batch: u32;
override in_height: u32;
override in_width: u32;
override in_channels: u32;
override out_height: u32;
override out_width: u32;
override out_channels: u32;
override kernel_height: u32;
override kernel_width: u32;
override stride_y: u32;
override stride_x: u32;
override pad_top: u32;
override pad_left: u32;
override dilation_y: u32;
override dilation_x: u32;
override group_in: u32;
override group_out: u32;

const channels_a_load = ${width}u;
const channels_a_tile = 4u * ${quads}u;

// A pixel of x, shifted by the padding: element (kh, kw) brought it to y's (row - kh, column - kw), before the stride.
// `place` is where it lies in x, in pixels.
struct Pixel { image: u32, row: u32, column: u32, place: u32, }

fn pixel_at(index: u32) -> Pixel {
  let at = min(index, batch * in_height * in_width - 1u);
  let image = at % batch;
  let inside = at / batch;
  return Pixel(image, inside / in_width + pad_top, inside % in_width + pad_left, image * in_height * in_width + inside);
}

// Where a pixel reads dy at one kernel element: the index of its group's first channel, or outside.
const outside = 0xffffffffu;

fn tap(p: Pixel, down: u32, right: u32, group: u32) -> u32 {
  // Below zero wraps round to what is far beyond the last row, but a stride could bring it back.
  let row = (p.row - down) / stride_y;
  let column = (p.column - right) / stride_x;
  let whole = (row * stride_y + down == p.row) & (column * stride_x + right == p.column);
  let inside = whole & (p.row >= down) & (p.column >= right) & (row < out_height) & (column < out_width);
  let at = ((p.image * out_height + row) * out_width + column) * out_channels + group * group_out;
  return select(outside, at / channels_a_load, inside);
}

fn load_dy(tap: u32, step: u32) -> ${load} {
  return select(dy[tap + step], ${load}(), tap == outside);
}

fn store(index: u32, place: u32, ci: u32, left: u32, value: vec4f) {
  if (index >= batch * in_height * in_width) { return; }
  let at = place * in_channels + ci;
#if ${vec_in}
#if ${activated}
  dx[at / 4u] = before_activation(value, x[at / 4u]);
#else
  dx[at / 4u] = value;
#endif
#else
  for (var i = 0u; i < min(4u, left); i++) {
#if ${activated}
    dx[at + i] = before_activation(vec4f(value[i]), vec4f(x[at + i])).x;
#else
    dx[at + i] = value[i];
#endif
  }
#endif
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let tiles_a_group = (group_in + channels_a_tile - 1u) / channels_a_tile;
  let channel_tiles = in_channels / group_in * tiles_a_group;
#if ${subgroups}
  let lane = index % 4u;
  let tile = index / 4u % channel_tiles;
  let first = (index / 4u / channel_tiles * 4u + lane) * ${pixels}u;
#else
  let tile = index % channel_tiles;
  let first = index / channel_tiles * ${pixels}u;
#endif
  let group = tile / tiles_a_group;
  let channel = tile % tiles_a_group * channels_a_tile;
  let left = group_in - channel;
  // The last channels of a group read its last one again; store drops them.
%for q in 0..${quads}
#if ${subgroups}
  let row$q = (min(channel + 4u * $qu + lane, group_in - 1u) * out_channels + group * group_out) / channels_a_load;
#else
%for c in 0..4
  let row$q$c = (min(channel + 4u * $qu + $cu, group_in - 1u) * out_channels + group * group_out) / channels_a_load;
%end
#endif
%end
%for p in 0..${pixels}
  let p$p = pixel_at(first + $pu);
%for q in 0..${quads}
  var x$q$p = vec4f();
%end
%end
  for (var kh = 0u; kh < kernel_height; kh++) {
    for (var kw = 0u; kw < kernel_width; kw++) {
      var nearest = outside;
%for p in 0..${pixels}
      let tap$p = tap(p$p, kh * dilation_y, kw * dilation_x, group);
      nearest = min(nearest, tap$p);
%end
#if ${subgroups}
      if (subgroupMin(nearest) == outside) { continue; }
#else
      if (nearest == outside) { continue; }
#endif
      let at = (kh * kernel_width + kw) * group_in * (out_channels / channels_a_load);
      for (var step = at; step < at + group_out / channels_a_load; step++) {
%for p in 0..${pixels}
        let dy$p = load_dy(tap$p, step - at);
%end
%for q in 0..${quads}
#if ${subgroups}
        let mine$q = w[row$q + step];
        let m$q = mat4x4f(quadBroadcast(mine$q, 0u), quadBroadcast(mine$q, 1u), quadBroadcast(mine$q, 2u), quadBroadcast(mine$q, 3u));
#else
        let m$q = ${rows};
#endif
%for p in 0..${pixels}
        x$q$p += dy$p * m$q;
%end
%end
      }
    }
  }
%for q in 0..${quads}
%for p in 0..${pixels}
  store(first + $pu, p$p.place, group * group_in + channel + 4u * $qu, left, x$q$p);
%end
%end
}
