import type { CompiledModel } from '../../src/model/graph.ts';
import { images } from '../../src/model/wiring.ts';

/**
 * Additions and multiplications per image of a training step: every product of the forward pass, the weight gradients and the input
 * gradients.
 */
export function flopsAnImage({ layers }: CompiledModel): number {
  const products = layers.flatMap(({ weights, outputShape, inputs }) => {
    const pixels = outputShape.length === 3 ? outputShape[0]! * outputShape[1]! : 1;
    // The gradient of the images is not computed: a layer that takes them has two products, the others three.
    const passes = inputs.includes(images) ? 2 : 3;
    return weights
      .filter(({ name }) => /kernel$/i.test(name))
      .map(({ shape }) => passes * shape.reduce((a, b) => a * b, pixels));
  });
  return 2 * products.reduce((sum, count) => sum + count, 0);
}
