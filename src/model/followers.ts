import { activationName } from './activations.ts';
import type { CompiledModel } from './graph.ts';
import { definitionOf } from './layers/index.ts';

type Graph = Pick<CompiledModel, 'layers' | 'consumers' | 'order'>;

/**
 * The layers that are treated as part of the layer before them, in order: the add of a shortcut after a normalization, an activation, a max
 * pool. Each is the only consumer of the one before it. They are measured together with that layer, and fused into its kernel if the kernel
 * supports it.
 */
export function followersOf(graph: Graph, index: number): number[] {
  const { layers } = graph;
  const roleOf = (i: number | undefined) => (i === undefined ? undefined : definitionOf(layers[i]!.type).role);
  if (!['normalization', undefined].includes(roleOf(index))) return [];
  const run: number[] = [];
  const last = () => run.at(-1) ?? index;
  let next = onlyConsumer(graph, index);
  if (roleOf(index) === 'normalization' && roleOf(next) === 'sum' && joinsLast(graph, index, next!)) {
    run.push(next!);
    next = onlyConsumer(graph, next!);
  }
  if (roleOf(next) === 'activation' && activationName(layers[index]!.activation) === 'linear') {
    run.push(next!);
    next = onlyConsumer(graph, last());
  }
  if (roleOf(next) === 'largest' && roleOf(index) !== 'normalization') run.push(next!);
  return run;
}

export function onlyConsumer({ consumers }: Graph, index: number): number | undefined {
  const [next, ...others] = consumers[index]!;
  return others.length === 0 ? next : undefined;
}

/** True if a layer is the one of an add's two inputs that is computed last, and both have the same shape. */
function joinsLast({ layers, order }: Graph, index: number, sum: number): boolean {
  const { inputs, inputShapes } = layers[sum]!;
  const [a, b] = inputShapes;
  if (inputs.length !== 2 || a!.join() !== b!.join() || inputs[0] === inputs[1]) return false;
  return inputs.every((input) => order.indexOf(input) <= order.indexOf(index));
}
