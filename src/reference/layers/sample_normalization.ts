import type { CompiledNode } from '../../model/graph.ts';
import { groupNormBackwardSums, groupNormBackwardX, groupNormForward } from '../group_norm.ts';
import { layerNormBackwardSums, layerNormBackwardX, layerNormForward } from '../layer_norm.ts';
import type { LayerTwin, TwinInput } from '../layer_twin.ts';

const plain = { residual: false, activation: 'linear' as const, keepsStatistics: true };

export const layerNormalizationTwin: LayerTwin<'layerNormalization'> = {
  forward(layer, { batch, inputs, tensors: { gamma, beta } }) {
    const { y, statistics } = layerNormForward({ ...rows(layer, batch), ...plain }, { x: inputs[0]!, gamma, beta });
    return { z: y, kept: statistics };
  },
  backward(layer, { batch, inputs, tensors: { gamma }, kept, count }, dz) {
    const shape = rows(layer, batch);
    const given = { x: inputs[0]!, dy: dz, statistics: kept as Float64Array, count };
    const { dgamma, dbeta } = layerNormBackwardSums({ ...shape, chunks: 1 }, given);
    const { dx } = layerNormBackwardX({ ...shape, inActivation: 'linear' }, { ...given, gamma });
    return { dx: [dx], tensors: { gamma: dgamma, beta: dbeta } };
  },
};

export const groupNormalizationTwin: LayerTwin<'groupNormalization'> = {
  forward(layer, given) {
    const { inputs, tensors } = given;
    const { gamma, beta } = tensors;
    const { y, statistics } = groupNormForward({ ...groups(layer, given), ...plain }, { x: inputs[0]!, gamma, beta });
    return { z: y, kept: statistics };
  },
  backward(layer, given, dz) {
    const { inputs, tensors, kept, count } = given;
    const shape = groups(layer, given);
    const of = { x: inputs[0]!, dy: dz, statistics: kept as Float64Array, count };
    const { dgamma, dbeta } = groupNormBackwardSums({ ...shape, chunks: 1 }, of);
    const { dx } = groupNormBackwardX({ ...shape, inActivation: 'linear' }, { ...of, gamma: tensors.gamma });
    return { dx: [dx], tensors: { gamma: dgamma, beta: dbeta } };
  },
};

const rows = ({ config, details }: CompiledNode<'layerNormalization'>, batch: number) => ({
  batch,
  ...details,
  epsilon: config.epsilon,
  scale: config.scale,
  center: config.center,
});

function groups({ config, details, inputShape }: CompiledNode<'groupNormalization'>, { batch, inputs }: TwinInput) {
  const channels = inputShape.at(-1)!;
  return {
    instances: batch,
    instancesPerSample: 1,
    pixels: inputs[0]!.length / batch / channels,
    channels,
    groups: details.groups,
    epsilon: config.epsilon,
    scale: config.scale,
    center: config.center,
  };
}
