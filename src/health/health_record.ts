import { equalUnitsMost } from '../kernels/equal_units.ts';
import {
  blockWords,
  gradientAt,
  gradientField,
  inputField,
  layerField,
  recordField,
  recordWords,
  tensorField,
} from '../kernels/record.ts';
import { type CompiledModel, trainedTensors } from '../model/graph.ts';
import type { MeasuredLayer } from '../model/measured_layers.ts';
import { product } from '../product.ts';
import type { HealthLevel, HealthRecord, LayerHealth, Pass, TensorHealth } from './health.ts';

/** Reads words of a step's record by index. */
export interface RecordWords {
  u32(word: number): number;
  f32(word: number): number;
}

type Tensor = TensorHealth & { elements: number; nonFinite: { gradients: number; weights: number } };

/** Reads the gradient health part of a record: shaders/health_reduce.wgsl. */
export class HealthReader {
  readonly #layers: (MeasuredLayer & { valueElements: number })[];
  readonly #first: number;
  readonly #firstOfTensors: number;
  readonly #firstOfInput: number;

  constructor(model: CompiledModel) {
    const tensors = trainedTensors(model).length;
    this.#layers = model.measured.map((layer) => ({
      ...layer,
      valueElements: product(model.layers[layer.values]!.outputShape),
    }));
    this.#first = recordWords(tensors);
    this.#firstOfTensors = this.#first + blockWords.layer * this.#layers.length;
    this.#firstOfInput = this.#firstOfTensors + blockWords.tensor * tensors;
  }

  /** @param samples number of samples on which the layers' figures are based: those of the step, or of its last micro-batch. */
  read(words: RecordWords, samples = words.u32(recordField.count)): HealthRecord {
    const lossIsFinite = Number.isFinite(words.f32(recordField.loss));
    const layers = this.#layers.map((layer, i) =>
      this.#layer(words, layer, this.#first + blockWords.layer * i, samples),
    );
    for (const [i, layer] of layers.entries()) {
      const { next } = this.#layers[i]!;
      if (next !== undefined) layer.transport = layer.deltaRms / layers[next]!.deltaRms;
    }
    const named = Object.fromEntries(layers.map((layer, i) => [this.#layers[i]!.name, layer]));
    const found = firstNonFinite(named, lossIsFinite);
    return {
      layers: named,
      input: {
        mean: words.f32(this.#firstOfInput + inputField.mean),
        standardDeviation: words.f32(this.#firstOfInput + inputField.standardDeviation),
      },
      transport: layers.length > 0 ? layers[0]!.deltaRms / layers.at(-1)!.deltaRms : Number.NaN,
      ...(found && { firstNonFinite: found }),
    };
  }

  #layer(
    { u32, f32 }: RecordWords,
    { valueElements, outputElements, units, tensors }: MeasuredLayer & { valueElements: number },
    at: number,
    samples: number,
  ): LayerHealth {
    const each = tensors.map(({ index, elements }) => this.#tensor({ u32, f32 }, index, elements));
    const byName = Object.fromEntries(each.map((tensor, i) => [tensors[i]!.name, figuresOf([tensor])]));
    const count = samples * valueElements;
    return {
      ...figuresOf(each),
      tensors: byName as LayerHealth['tensors'],
      activation: {
        mean: f32(at + layerField.mean),
        standardDeviation: f32(at + layerField.standardDeviation),
        zeros: u32(at + layerField.zeros) / count,
        saturated: u32(at + layerField.saturated) / count,
      },
      units,
      dead: u32(at + layerField.dead),
      equal: u32(at + layerField.equal) / Math.min(units, equalUnitsMost.units),
      deltaRms: f32(at + layerField.deltaNorm) / Math.sqrt(samples * outputElements),
      nonFinite: {
        activations: u32(at + layerField.nonFiniteActivations),
        deltas: u32(at + layerField.nonFiniteDeltas),
        gradients: each.reduce((sum, { nonFinite }) => sum + nonFinite.gradients, 0),
        weights: each.reduce((sum, { nonFinite }) => sum + nonFinite.weights, 0),
      },
    };
  }

  #tensor({ u32, f32 }: RecordWords, index: number, elements: number): Tensor {
    const at = this.#firstOfTensors + blockWords.tensor * index;
    const gradient = gradientAt(index);
    const raw = {
      gradientNorm: Math.sqrt(f32(gradient + gradientField.squares)),
      gradientMax: f32(at + tensorField.gradientMax),
      weightNorm: f32(at + tensorField.weightNorm),
      updateNorm: f32(at + tensorField.updateNorm),
    };
    return {
      ...raw,
      gradientRms: raw.gradientNorm / Math.sqrt(elements),
      updateRatio: raw.updateNorm / raw.weightNorm,
      elements,
      nonFinite: {
        gradients: u32(gradient + gradientField.nonFinite),
        weights: u32(at + tensorField.nonFiniteWeights),
      },
    };
  }
}

/** The reader for a level of health: above `off`, records have this part. */
export const healthReaderFor = (model: CompiledModel, level: HealthLevel): HealthReader | undefined =>
  level === 'off' ? undefined : new HealthReader(model);

/** The combined figures of several tensors. */
function figuresOf(tensors: readonly Tensor[]): TensorHealth {
  const norm = (of: (tensor: Tensor) => number) => Math.hypot(...tensors.map(of));
  const gradientNorm = norm((tensor) => tensor.gradientNorm);
  const weightNorm = norm((tensor) => tensor.weightNorm);
  const updateNorm = norm((tensor) => tensor.updateNorm);
  const elements = tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
  return {
    gradientNorm,
    gradientRms: gradientNorm / Math.sqrt(elements),
    gradientMax: Math.max(...tensors.map((tensor) => tensor.gradientMax)),
    weightNorm,
    updateNorm,
    updateRatio: updateNorm / weightNorm,
  };
}

/**
 * Where the first non-finite number of a step occurred, in the order of computation: outputs from the first layer on, the loss,
 * gradients from the last layer back, and the weights after the update. Gradients that are too large to square count as non-finite,
 * because such steps are skipped too. Undefined if all numbers are finite.
 */
export function firstNonFinite(
  layers: Readonly<Record<string, Pick<LayerHealth, 'nonFinite' | 'gradientNorm'>>>,
  lossIsFinite: boolean,
): { layer: string; pass: Pass } | undefined {
  const inOrder = Object.entries(layers);
  type Found = (typeof inOrder)[number][1];
  const first = (pass: Pass, all: typeof inOrder, isBad: (found: Found) => boolean) => {
    const layer = all.find(([, found]) => isBad(found))?.[0];
    return layer === undefined ? undefined : { layer, pass };
  };
  const isBadGradient = ({ gradientNorm, nonFinite: { deltas, gradients } }: Found) =>
    deltas + gradients > 0 || !Number.isFinite(gradientNorm);
  return (
    first('forward', inOrder, ({ nonFinite }) => nonFinite.activations > 0) ??
    (lossIsFinite ? undefined : { layer: inOrder.at(-1)![0], pass: 'loss' as const }) ??
    first('gradient', [...inOrder].reverse(), isBadGradient) ??
    first('update', inOrder, ({ nonFinite }) => nonFinite.weights > 0)
  );
}
