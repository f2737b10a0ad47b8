import type { LayerType } from '../../model/layers/index.ts';
import type { LayerTwin } from '../layer_twin.ts';

/** flatten, reshape, and activation layers return their input; the network applies the activation. */
export const passOnTwin: LayerTwin<LayerType> = {
  forward: (_, { inputs: [x] }) => ({ z: x! }),
  backward: (_layer, _given, dz) => ({ dx: [dz] }),
};
