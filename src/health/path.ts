import type { JudgedLayer } from './verdicts.ts';

/**
 * The layer and those on the shortest path from it to the loss, along which its gradient arrives. If the graph is unknown, it is
 * assumed to be a chain.
 */
export function pathFrom<L extends JudgedLayer>(layers: readonly L[], at: number): L[] {
  const isChain = layers.every(({ next }) => next === undefined);
  const nextOf = (i: number) => (isChain ? (i + 1 < layers.length ? i + 1 : undefined) : layers[i]!.next);
  const path = [layers[at]!];
  for (let next = nextOf(at); next !== undefined; next = nextOf(next)) path.push(layers[next]!);
  return path;
}
