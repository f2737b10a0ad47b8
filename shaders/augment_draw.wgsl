// draws[n] = the numbers of every op, drawn for (seed, epoch, sample);  maps[n] = the matrices computed from them
// One invocation owns one slot of the batch: its numbers, the index of its image and its label. The lines for the ops are generated from
// their lists of fields (src/kernels/augment_text.ts). The record of an op is one word that says whether it is applied, followed by its
// fields.
@group(0) @binding(0) var<storage, read> state: State;
@group(0) @binding(1) var<storage, read> order: array<u32>; // of samples; of copy * images + sample where they have labels
@group(0) @binding(2) var<storage, read_write> sources: array<u32>;
#if ${recorded}
@group(0) @binding(3) var<storage, read_write> draws: array<f32>;
#endif
#if ${mapped}
@group(0) @binding(4) var<storage, read_write> maps: array<vec4f>;
#endif
#if ${labelled}
@group(0) @binding(5) var<storage, read> labels: array<u32>; // several per word
@group(0) @binding(6) var<storage, read_write> batch_labels: array<u32>;
#endif
#if ${listed}
@group(0) @binding(7) var<storage, read> listed: array<f32>; // records of a whole epoch, drawn elsewhere
#endif

override batch: u32;
#if ${partnered}
override partners: u32; // number of images from which partners are drawn
#endif
#if ${labelled}
override images: u32; // of the data set
#endif

#if ${recorded}
fn drawn(at: u32) -> f32 { return draws[at]; }

fn keep(at: u32, value: f32) { draws[at] = value; }
#endif
#if ${mapped}
fn store_map(at: u32, m: mat3x3f) {
  maps[at] = vec4f(m[0].x, m[1].x, m[2].x, m[0].y);
  maps[at + 1u] = vec4f(m[1].y, m[2].y, m[0].z, m[1].z);
}

fn store_projective_map(at: u32, m: mat3x3f) {
  store_map(at, m);
  maps[at + 2u] = vec4f(m[2].z, 0.0, 0.0, 0.0);
}
#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let slot = id.y * groups.x * 64u + id.x;
  if (slot >= batch) { return; }
#if ${paired}
  let own = slot % (batch / 2u); // the second half of the slots holds the partners of the first
#else
  let own = slot;
#endif
  // Slots after the real count repeat the batch's first sample, which is valid memory and has no effect.
  let at_order = state.start + select(0u, own, own < state.count);
#if ${streamed}
  let entry = order[2u * at_order]; // the second word is the position of its image in the window; the partner's image is one chunk later
#else
  let entry = order[at_order];
#endif
#if ${labelled}
  var sample = entry % images;
  let copy = entry / images;
#else
  var sample = entry;
  let copy = 0u;
#endif
#if ${recorded}
  let record = slot * ${words};
#endif
#if ${partnered}
  let partner = u32(unit(Key(state.seed, state.epoch, sample, copy), ${partner_purpose}) * f32(partners));
  if (slot == own) {
    keep(record + ${words} - 1u, f32(partner));
  } else {
    sample = partner;
  }
#endif
#if ${labelled}
  batch_labels[slot] = (labels[sample / ${labels_per_word}] >> (${label_bits} * (sample % ${labels_per_word}))) & ${label_mask};
  sources[slot] = sample;
#else
  sources[slot] = slot;
#endif
#if ${streamed}
  sources[${places_at} + slot] = order[2u * at_order + 1u] + select(${partner_place}, 0u, slot == own);
#endif
#if ${listed}
  for (var word = 0u; word < ${words}; word++) { keep(record + word, listed[at_order * ${words} + word]); }
#endif
#if ${recorded}
#if ${drawn}
  let key = Key(state.seed, state.epoch, sample, copy);
  let augmented = ${augmented};
${draw_lines}
#endif
#endif
#if ${mapped}
${map_lines}
#endif
}
