import { ConfigurationError } from '../errors.ts';
import type { Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import type { Engine } from './engine.ts';
import { elementsOf } from './initializers.ts';
import type { CompiledModel } from './model.ts';

/** Weights or gradients in Keras' order and layout, without what pads them on the GPU. */
export async function readTensors(
  { gpu, memory, settings }: Engine,
  tensors: readonly Slice[],
): Promise<Float32Array[]> {
  const specs = settings.model.layers.flatMap((layer) => layer.weights);
  const bytes = await readSlices(gpu, memory, tensors);
  return bytes.map((buffer, i) => new Float32Array(buffer, 0, elementsOf(specs[i]!)));
}

/** A copy of arrays that are to be the weights of a model. @throws ConfigurationError for another number or other sizes. */
export function copyWeights(model: CompiledModel, arrays: readonly ArrayLike<number>[]): Float32Array[] {
  const specs = model.layers.flatMap((layer) => layer.weights.map((spec) => ({ layer: layer.name, spec })));
  if (arrays?.length !== specs.length) {
    throw new ConfigurationError({
      what: 'setWeights got another number of arrays than the model has',
      found: arrays?.length,
      wanted: `${specs.length}: ${specs.map(({ layer, spec }) => `${layer}.${spec.name}`).join(', ')}`,
    });
  }
  return specs.map(({ layer, spec }, i) => {
    if (arrays[i]?.length !== elementsOf(spec)) {
      throw new ConfigurationError({
        what: `The ${spec.name} of ${layer} has another size`,
        found: arrays[i]?.length,
        wanted: `[${spec.shape.join(', ')}], ${elementsOf(spec)} numbers`,
      });
    }
    return Float32Array.from(arrays[i]);
  });
}
