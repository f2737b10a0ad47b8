import { ConfigurationError } from '../errors.ts';
import type { Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import { type CompiledModel, type ModelTensor, trainedTensors } from '../model/graph.ts';
import { elementsOf } from '../model/initializers.ts';
import type { Engine } from './engine.ts';
import type { WhichWeights } from './which_weights.ts';

/** All tensors of a model in Keras' order and layout, without the padding on the GPU. */
export const readTensors = (engine: Engine, tensors: readonly Slice[]): Promise<Float32Array[]> =>
  read(engine, engine.settings.model.tensors, tensors);

/** The weights; optionally with the moving average of the trainable ones. */
export async function readWeights(engine: Engine, which: WhichWeights): Promise<Float32Array[]> {
  const { network, average } = engine.steps;
  const all = await readTensors(engine, network.tensors);
  if (which === 'current') return all;
  const averages = await readTrained(engine, slicesLike(network.weights, average!.all));
  return engine.settings.model.tensors.map(({ spec, index }, t) => (spec.trainable ? averages[index]! : all[t]!));
}

/** The tensors in an arena that has the layout of another one. */
export const slicesLike = ({ all, tensors }: { all: Slice; tensors: readonly Slice[] }, arena: Slice): Slice[] =>
  tensors.map(({ label, offset, size }) => ({
    buffer: arena.buffer,
    label: `${arena.label} of ${label}`,
    offset: arena.offset + offset - all.offset,
    size,
  }));

/** Like `readTensors`, for the trainable tensors only: their gradients or optimizer slots. */
export const readTrained = (engine: Engine, tensors: readonly Slice[]): Promise<Float32Array[]> =>
  read(engine, trainedTensors(engine.settings.model), tensors);

async function read(
  { gpu, memory }: Engine,
  specs: readonly ModelTensor[],
  tensors: readonly Slice[],
): Promise<Float32Array[]> {
  const bytes = await readSlices(gpu, memory, tensors);
  return bytes.map((buffer, i) => new Float32Array(buffer, 0, elementsOf(specs[i]!.spec)));
}

/** Copies arrays that will become a model's weights. @throws ConfigurationError if their number or sizes don't match. */
export function copyWeights(
  { layers, tensors }: CompiledModel,
  arrays: readonly ArrayLike<number>[],
  of: readonly ModelTensor[] = tensors,
): Float32Array[] {
  const specs = of.map(({ layer, spec }) => ({ layer: layers[layer]!.name, spec }));
  if (arrays?.length !== specs.length) {
    throw new ConfigurationError({
      what: 'setWeights got the wrong number of arrays',
      found: arrays?.length,
      expected: `${specs.length}: ${specs.map(({ layer, spec }) => `${layer}.${spec.name}`).join(', ')}`,
    });
  }
  return specs.map(({ layer, spec }, i) => {
    if (arrays[i]?.length !== elementsOf(spec)) {
      throw new ConfigurationError({
        what: `The ${spec.name} of ${layer} has the wrong size`,
        found: arrays[i]?.length,
        expected: `[${spec.shape.join(', ')}], ${elementsOf(spec)} numbers`,
      });
    }
    return Float32Array.from(arrays[i]);
  });
}
