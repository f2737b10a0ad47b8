import type { CompiledNode } from '../../model/graph.ts';
import { dropoutBackward, dropoutForward, gaussianNoise } from '../dropout.ts';
import type { LayerTwin, TwinInput } from '../layer_twin.ts';

/** @param spatial drops whole channels of a sample. */
function dropoutTwinOf<T extends 'dropout' | 'spatialDropout2d'>(spatial: boolean): LayerTwin<T> {
  const shapeOf = ({ config, inputShape }: CompiledNode<T>, { batch, inputs: [x], index }: TwinInput) => ({
    batch,
    elements: x!.length / batch,
    layer: index,
    rate: config.rate,
    spatialChannels: spatial ? inputShape[2]! : undefined,
  });
  return {
    forward(layer, given) {
      const [x] = given.inputs;
      if (given.mode === 'infer') return { z: x! };
      return { z: dropoutForward(shapeOf(layer, given), { x: x!, state: given.state }).y };
    },
    backward: (layer, given, dz) => ({
      dx: [given.mode === 'infer' ? dz : dropoutBackward(shapeOf(layer, given), { dy: dz, state: given.state }).dx],
    }),
  };
}

export const dropoutTwin = dropoutTwinOf<'dropout'>(false);
export const spatialDropout2dTwin = dropoutTwinOf<'spatialDropout2d'>(true);

export const gaussianNoiseTwin: LayerTwin<'gaussianNoise'> = {
  forward({ config }, { batch, inputs: [x], index, state, mode }) {
    if (mode === 'infer') return { z: x! };
    const shape = { batch, elements: x!.length / batch, layer: index, standardDeviation: config.stddev };
    return { z: gaussianNoise(shape, { x: x!, state }).y };
  },
  backward: (_layer, _given, dz) => ({ dx: [dz] }),
};
