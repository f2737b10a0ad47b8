// dx[n,iy,ix,ci] = act'(x) * sum over kh,kw,co of dy[n, (iy+top-kh)/sy, (ix+left-kw)/sx, first(ci)+co] * w[kh,kw,ci % group_in,first(ci)+co]
// act is the activation that produced x, so dx is the gradient before it. Input channel ci contributes to the group_out output channels of
// its group, which start at first(ci) = ci / group_in * group_out; co counts within them. One invocation owns ${pixels} pixels of x and
// ${quads} x 4 input channels of one group, and processes the sum ${width} output channels at a time. With subgroups, 4 neighbors own the
// same channels of other pixels: each loads a quarter of w and shares it. With dilation, kh and kw count in steps of dilation_y rows and
// dilation_x columns of x.
#if ${subgroups}
diagnostic(off, subgroup_uniformity); // all four neighbors skip together
#endif
@group(0) @binding(0) var<storage, read> w: array<${load}>;
@group(0) @binding(1) var<storage, read> dy: array<${load}>;
@group(0) @binding(2) var<storage, read_write> dx: array<${in}>;
#if ${activated}
@group(0) @binding(3) var<storage, read> x: array<${in}>;
#endif

override in_channels: u32;
override out_channels: u32;
override dilation_y: u32;
override dilation_x: u32;
override group_in: u32;
override group_out: u32;

const channels_a_load = ${width}u;
const channels_a_tile = 4u * ${quads}u;

// `left` is the number of channels of the group from the first of these.
fn store(place: u32, ci: u32, left: u32, value: vec4f) {
  if (place != nowhere) { store_dx(place * in_channels + ci, left, value); }
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
  let first_load = group * group_out / channels_a_load;
  // Channels after a group's last one read the last one again, and store discards them.
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
      let tap$p = tap(p$p, kh * dilation_y, kw * dilation_x);
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
        let dy$p = load_dy(tap$p, first_load + step - at);
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
  store(p$p.place, group * group_in + channel + 4u * $qu, left, x$q$p);
%end
%end
}
