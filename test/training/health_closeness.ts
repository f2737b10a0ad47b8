import { expect } from 'vitest';
import type { HealthRecord, LayerHealth, TensorHealth } from '../../src/health/health.ts';
import type { CompiledModel } from '../../src/model/graph.ts';
import { product } from '../../src/product.ts';
import { type MeasuredStep, networkHealth } from '../../src/reference/health.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { boundsOf } from '../../src/selftest/sensitivity.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';

type Numbers = ArrayLike<number>;

/** A step as a trainer computed it: its inputs, and the weights before and after it. */
export interface GivenStep {
  images: Numbers;
  labels: Numbers;
  before: readonly Numbers[];
  after: readonly Numbers[];
  /** Units that were positive earlier in the epoch, by layer. */
  positive?: MeasuredStep['positive'];
}

/** All figures that the network determines, by name. */
function figures({ layers, transport, input }: HealthRecord): Record<string, number> {
  const named: Record<string, number> = {
    transport,
    'input.mean': input!.mean,
    'input.standardDeviation': input!.standardDeviation,
  };
  for (const [name, layer] of Object.entries(layers)) {
    const { activation, deltaRms, dead, equal, units } = layer;
    Object.assign(named, {
      [`${name}.mean`]: activation.mean,
      [`${name}.standardDeviation`]: activation.standardDeviation,
      [`${name}.zeros`]: activation.zeros,
      [`${name}.saturated`]: activation.saturated,
      [`${name}.dead`]: dead,
      [`${name}.equal`]: equal!,
      [`${name}.units`]: units,
      [`${name}.deltaRms`]: deltaRms,
    });
    if (layer.transport !== undefined) named[`${name}.transport`] = layer.transport;
    for (const [part, tensor] of partsOf(layer)) {
      for (const of of ['gradientNorm', 'gradientRms', 'gradientMax'] as const)
        named[`${name}.${part}.${of}`] = tensor[of];
    }
  }
  return named;
}

/** The relative error of a sum, with respect to the sum of magnitudes; the longest sums are those of a chunk. */
const ofSums = (layer: LayerHealth, model: CompiledModel, samples: number): number => {
  const most = Math.max(...model.layers.map(({ outputShape }) => outputShape.reduce((a, b) => a * b)));
  return 2 * Math.min(1024, samples * Math.max(most, layer.units)) * unitRoundoff;
};

/** Rounding error of each figure's sums, in addition to the network's own rounding errors. */
function roundingOf(
  name: string,
  { layers, transport, input }: HealthRecord,
  model: CompiledModel,
  samples: number,
): number {
  const [layerName, ...figure] = name.split('.');
  if (layerName === 'input') {
    // Computed over 4,096 numbers, shifted by the first one: the squared values may be larger than the deviation.
    const { mean, standardDeviation } = input!;
    return 2 * 4096 * unitRoundoff * (Math.abs(mean) + standardDeviation);
  }
  const layer = layers[layerName!];
  if (!layer) return 2 * ofSums(Object.values(layers)[0]!, model, samples) * transport;
  const share = ofSums(layer, model, samples);
  const { mean, standardDeviation } = layer.activation;
  switch (figure[0]) {
    case 'mean':
      return share * (Math.abs(mean) + standardDeviation);
    case 'standardDeviation':
      return share * standardDeviation;
    case 'deltaRms':
      return share * layer.deltaRms;
    case 'transport':
      return 2 * share * layer.transport!;
    default:
      return 0;
  }
}

const partsOf = (layer: LayerHealth): [string, TensorHealth][] => [['all', layer], ...Object.entries(layer.tensors)];

/** The twin's health of a step, and the error bounds of the GPU's figures, by name. */
function twinOf(model: CompiledModel, { images, labels, before, after, positive = {} }: GivenStep) {
  const compute = (w: readonly Numbers[], x: Numbers) =>
    networkHealth(model, {
      network: networkGradients(model, w, x, labels),
      x: Array.from({ length: labels.length * product(model.inputShape) }, (_, i) => x[i]!),
      before,
      after,
      positive,
    });
  const twin = compute(before, images);
  const expected = figures(twin.health);
  const moved = boundsOf(
    (w, x) => Object.values(figures(compute(w, x).health)).map((value) => [value]),
    model,
    before,
    images,
  );
  const bounds = Object.fromEntries(
    Object.keys(expected).map((name, i) => [
      name,
      moved[i]! + roundingOf(name, twin.health, model, labels.length) + 2 ** -126,
    ]),
  );
  return { ...twin, expected, bounds };
}

/** Compares some figures of a step's health with another program's, within the rounding error. */
export function expectFigures(
  model: CompiledModel,
  actual: HealthRecord | undefined,
  step: GivenStep,
  expected: Record<string, number>,
): void {
  const { bounds } = twinOf(model, step);
  const found = figures(actual!);
  for (const [name, value] of Object.entries(expected)) expectWithin(name, [found[name]!], [value], bounds[name]!);
}

/**
 * Compares the health of a step with the twin's, each figure within its rounding error (sensitivity.ts). Norms of weights and of
 * their changes are computed from the weights that were read back.
 *
 * @returns the units that have been positive so far, for the next step's `positive`.
 */
export function expectHealth(
  model: CompiledModel,
  actual: HealthRecord | undefined,
  step: GivenStep,
): Record<string, boolean[]> {
  const twin = twinOf(model, step);
  const found = figures(actual!);
  expect(Object.keys(found)).toEqual(Object.keys(twin.expected));
  for (const [name, expected] of Object.entries(twin.expected)) {
    // A layer without a gradient: 0 / 0.
    if (!Number.isFinite(expected)) expect(found[name], name).toBe(expected);
    else expectWithin(name, [found[name]!], [expected], twin.bounds[name]!);
  }
  for (const [name, layer] of Object.entries(twin.health.layers)) {
    const counted = actual!.layers[name]!;
    expect(counted.nonFinite).toEqual(layer.nonFinite);
    expect(Object.keys(counted.tensors)).toEqual(Object.keys(layer.tensors));
    for (const [[part, tensor], [, own]] of partsOf(layer).map((it, j) => [it, partsOf(counted)[j]!] as const)) {
      for (const of of ['weightNorm', 'updateNorm', 'updateRatio'] as const) {
        const elements = step.before.reduce((sum, { length }) => sum + length, 0);
        // Sums of squares in any order; the change is only known to the last bit of the weight.
        const lost = of === 'updateNorm' ? 2 * unitRoundoff * tensor.weightNorm : 0;
        const bound = 2 * elements * unitRoundoff * tensor[of] + lost;
        if (Number.isNaN(tensor[of])) expect(own[of], `${name}.${part}.${of}`).toBeNaN();
        else expectWithin(`${name}.${part}.${of}`, [own[of]], [tensor[of]], bound + 2 ** -63);
      }
    }
  }
  return twin.positive;
}
