import type { CompiledNode } from '../../model/graph.ts';
import {
  batchNormBackwardSums,
  batchNormBackwardX,
  batchNormForward,
  batchStatistics,
  type Statistics,
} from '../batch_norm.ts';
import type { LayerTwin, TwinInput } from '../layer_twin.ts';

export const batchNormalizationTwin: LayerTwin<'batchNormalization'> = {
  forward(layer, given) {
    const { inputs, tensors, count } = given;
    const shape = shapeOf(layer, given);
    const x = inputs[0]!;
    const statistics = isFrozen(layer, given)
      ? { mean: tensors.movingMean!, variance: tensors.movingVariance! }
      : batchStatistics(shape, { x, count });
    const { gamma, beta } = tensors;
    const of = { ...shape, residual: false, activation: 'linear' as const };
    return { z: batchNormForward(of, { x, ...statistics, gamma, beta }).y, kept: statistics };
  },
  backward(layer, given, dz) {
    const { inputs, tensors, count, kept } = given;
    const shape = shapeOf(layer, given);
    const x = inputs[0]!;
    const statistics = kept as Statistics;
    const sums = batchNormBackwardSums({ ...shape, chunks: 1 }, { x, dy: dz, ...statistics, count });
    const frozen = isFrozen(layer, given);
    const of = { ...shape, inActivation: 'linear' as const, frozen };
    const { dx } = batchNormBackwardX(of, { x, dy: dz, ...statistics, gamma: tensors.gamma, ...sums, count });
    return { dx: [dx], tensors: { gamma: sums.dgamma, beta: sums.dbeta } };
  },
};

/** A frozen layer computes as in inference. */
const isFrozen = ({ config }: CompiledNode<'batchNormalization'>, { mode }: TwinInput) =>
  mode === 'infer' || !config.trainable;

function shapeOf({ config, inputShape }: CompiledNode<'batchNormalization'>, { batch, inputs }: TwinInput) {
  const channels = inputShape.at(-1)!;
  const { epsilon, scale, center } = config;
  return { batch, pixels: inputs[0]!.length / batch / channels, channels, epsilon, scale, center };
}
