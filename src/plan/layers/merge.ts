import { type MergeInput, type MergeShape, mergeBackward, mergeForward } from '../../kernels/merge.ts';
import type { CompiledNode } from '../../model/graph.ts';
import { product } from '../../model/layer.ts';
import type { Lowered, Lowering, LoweringContext } from '../lowering.ts';

type MergeType = MergeShape['operation'];

const asImage = (shape: readonly number[]): MergeInput =>
  shape.length === 3
    ? { height: shape[0]!, width: shape[1]!, channels: shape[2]! }
    : { height: 1, width: 1, channels: shape[0]! };

/** add, multiply, average and maximum: the definitions take as many inputs as one dispatch merges. */
export const lowerMerge =
  <T extends MergeType>(operation: T): Lowering<T> =>
  (layer, context) =>
    mergeOnce(operation, layer, context);

function mergeOnce(operation: MergeType, layer: CompiledNode<MergeType>, context: LoweringContext): Lowered {
  const { inputs, batch, activation } = context;
  const shape: MergeShape = {
    operation,
    batch,
    ...asImage(layer.outputShape),
    inputs: layer.inputShapes.map(asImage),
    activation,
  };
  const value = context.value(layer.outputShape);
  const bound = inputs.map(({ ref }, i) => [`x${i}`, ref] as const);
  context.forward(mergeForward, shape, { ...Object.fromEntries(bound), y: value.ref });
  const backward: Lowered['backward'] = (dy) => {
    for (const [i, input] of inputs.entries()) {
      if (operation === 'add' && input.elements === product(layer.outputShape)) {
        context.passGradient(input, dy);
        continue;
      }
      const dx = context.rawGradient(i);
      if (!dx) continue;
      const reads = (other: number) => operation === 'maximum' || (operation === 'multiply' && other !== i);
      const read = Object.fromEntries(bound.filter((_, other) => reads(other)));
      context.backward(mergeBackward, { ...shape, activation: 'linear', input: i }, { dy, ...read, dx });
    }
  };
  return { value, backward };
}
