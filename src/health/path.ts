import type { JudgedLayer } from './verdicts.ts';

/**
 * The layer and the ones that its gradient comes from by the shortest path, to the last. Where nothing is known of the graph it
 * is taken for a chain.
 */
export function pathFrom<L extends JudgedLayer>(layers: readonly L[], at: number): L[] {
  const isChain = layers.every(({ next }) => next === undefined);
  const nextOf = (i: number) => (isChain ? (i + 1 < layers.length ? i + 1 : undefined) : layers[i]!.next);
  const path = [layers[at]!];
  for (let next = nextOf(at); next !== undefined; next = nextOf(next)) path.push(layers[next]!);
  return path;
}
