import type { LayerTwin } from '../layer_twin.ts';

export const flattenTwin: LayerTwin<'flatten'> = {
  forward: (_, { inputs: [x] }) => ({ z: x! }),
  backward: (_layer, _given, dz) => ({ dx: [dz] }),
};
