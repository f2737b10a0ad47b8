import { expect } from 'vitest';
import type { CompiledModel } from '../../src/model/graph.ts';
import { gradientNorm } from '../../src/reference/norm.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import type { BatchBounds } from './batch_bounds.ts';

type Numbers = ArrayLike<number>;

/** Compares the result of a trainer's `gradients`. The expected norms are those of the expected gradients. */
export function expectBatch(
  model: CompiledModel,
  actual: { loss: number; gradients: readonly Numbers[]; gradientNorms: Record<string, number> },
  expected: { loss: number; gradients: readonly Numbers[] },
  bounds: BatchBounds,
): void {
  expectWithin('loss', [actual.loss], [expected.loss], bounds.loss);
  expect(actual.gradients).toHaveLength(expected.gradients.length);
  const layers = model.layers.filter((layer) => layer.parameters > 0);
  expect(Object.keys(actual.gradientNorms)).toEqual(layers.map(({ name }) => name));
  let tensor = 0;
  for (const { name, weights } of layers) {
    const ofLayer: Numbers[] = [];
    let squares = 0;
    for (const spec of weights) {
      const [gradient, bound] = [expected.gradients[tensor]!, bounds.gradients[tensor]!];
      expectWithin(`gradient of ${name}.${spec.name}`, actual.gradients[tensor]!, gradient, bound);
      ofLayer.push(gradient);
      squares += gradient.length * bound ** 2;
      tensor++;
    }
    // The error of a norm is at most the norm of the elements' errors.
    expectWithin(`norm of ${name}`, [actual.gradientNorms[name]!], [gradientNorm(...ofLayer).norm], Math.sqrt(squares));
  }
}
