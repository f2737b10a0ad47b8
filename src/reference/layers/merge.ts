import type { MergeInput, MergeShape } from '../../kernels/merge.ts';
import type { CompiledNode } from '../../model/graph.ts';
import type { LayerTwin } from '../layer_twin.ts';
import { mergeBackward, mergeForward } from '../merge.ts';

type MergeType = MergeShape['operation'];

export const mergeTwin = <T extends MergeType>(operation: T): LayerTwin<T> => ({
  forward: (layer, { batch, inputs }) => ({ z: mergeForward(shapeOf(operation, layer, batch), { inputs }).y }),
  backward: (layer, { batch, inputs }, dz) => ({
    dx: inputs.map((_, input) => mergeBackward({ ...shapeOf(operation, layer, batch), input }, { dy: dz, inputs }).dx),
  }),
});

const asImage = ([a, b, c]: readonly number[]): MergeInput =>
  c === undefined ? { height: 1, width: 1, channels: a! } : { height: a!, width: b!, channels: c };

const shapeOf = (operation: MergeType, layer: CompiledNode<MergeType>, batch: number): MergeShape => ({
  operation,
  batch,
  ...asImage(layer.outputShape),
  inputs: layer.inputShapes.map(asImage),
  activation: 'linear',
});
