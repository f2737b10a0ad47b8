import type { CompiledNode } from '../../model/graph.ts';
import type { LayerTwin } from '../layer_twin.ts';
import { upSampling2dBackward, upSampling2dForward } from '../up_sampling.ts';

export const upSampling2dTwin: LayerTwin<'upSampling2d'> = {
  forward: (layer, { batch, inputs: [x] }) => ({ z: upSampling2dForward(shapeOf(layer, batch), { x: x! }).y }),
  backward: (layer, { batch }, dz) => ({ dx: [upSampling2dBackward(shapeOf(layer, batch), { dy: dz }).dx] }),
};

const shapeOf = ({ config, details, inputShape }: CompiledNode<'upSampling2d'>, batch: number) => ({
  batch,
  height: inputShape[0]!,
  width: inputShape[1]!,
  channels: inputShape[2]!,
  ...details,
  interpolation: config.interpolation,
});
