// y[n,oy,ox,co] = act(b[co] + sum over kh,kw,ci of x[n, oy*sy+kh-top, ox*sx+kw-left, first(co)+ci] * w[kh,kw,ci,co])
// Output channel co reads the group_in input channels of its group, which start at first(co) = co / group_out * group_in; ci counts within
// them. One invocation owns ${pixels} pixels and ${quads} x 4 output channels of one group, and iterates over the sum ${width} input
// channels at a time. With subgroups, 4 neighbors own the same channels of other pixels: each loads a quarter of w and shares it. With
// dilation, kh and kw count in steps of dilation_y rows and dilation_x columns of x.
@group(0) @binding(0) var<storage, read> x: array<${load}>;
@group(0) @binding(1) var<storage, read> w: array<${out}>;
#if ${use_bias}
@group(0) @binding(2) var<storage, read> b: array<${out}>;
#endif
@group(0) @binding(3) var<storage, read_write> y: array<${out}>;

override in_channels: u32;
override out_channels: u32;
override dilation_y: u32;
override dilation_x: u32;
override group_in: u32;
override group_out: u32;

const channels_a_load = ${width}u;
const channels_a_tile = 4u * ${quads}u;

// A pixel's channels within its group, starting with the group's first channel.
fn group_pixel_at(index: u32, first_channel: u32) -> Pixel {
  let p = pixel_at(index);
  return Pixel(p.at + i32(first_channel), p.row, p.column);
}

// `left` is the number of channels of the group from the first of these.
fn store(index: u32, co: u32, left: u32, value: vec4f) {
  if (index < batch * out_height * out_width) { store_quad(index * out_channels + co, left, value); }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * 64u + id.x;
  let tiles_a_group = (group_out + channels_a_tile - 1u) / channels_a_tile;
  let channel_tiles = out_channels / group_out * tiles_a_group;
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
  let left = group_out - channel;
  let co = group * group_out + channel;
%for p in 0..${pixels}
  let p$p = group_pixel_at(first + $pu, group * group_in);
%for q in 0..${quads}
  var y$q$p = vec4f();
%end
%end
  var w_at = co;
  for (var kh = 0u; kh < kernel_height; kh++) {
    for (var kw = 0u; kw < kernel_width; kw++) {
%for p in 0..${pixels}
      let tap$p = tap(p$p, kh * dilation_y, kw * dilation_x);
%end
      for (var step = 0u; step < group_in / channels_a_load; step++) {
%for p in 0..${pixels}
        let x$p = load_x(tap$p, step);
%end
%for q in 0..${quads}
#if ${subgroups}
        let mine$q = load_quad(w_at + lane * out_channels + 4u * $qu, left);
%for k in 0..${width}
        let w$q$k = quadBroadcast(mine$q, $ku);
%end
#else
%for k in 0..${width}
        let w$q$k = load_quad(w_at + $ku * out_channels + 4u * $qu, left);
%end
#endif
        let m$q = ${columns};
%for p in 0..${pixels}
        y$q$p += m$q * x$p;
%end
%end
        w_at += channels_a_load * out_channels;
      }
    }
  }
%for q in 0..${quads}
  let shift$q = bias(co + 4u * $qu, out_channels - 1u);
%for p in 0..${pixels}
  store(first + $pu, co + 4u * $qu, left, activate(y$q$p + shift$q));
%end
%end
}
