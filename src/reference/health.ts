import type { HealthRecord, LayerHealth, TensorHealth } from '../health/health.ts';
import type { CompiledModel } from '../model/graph.ts';
import type { NetworkGradients } from './network.ts';
import { gradientNorm, measureUpdate } from './norm.ts';

type Numbers = ArrayLike<number>;

/** Mean and population standard deviation, and the numbers of zeros, of saturated and of non-finite values. */
export function statistics(
  values: Numbers,
  activation: string,
): { mean: number; standardDeviation: number; zeros: number; saturated: number; nonFinite: number } {
  const count = values.length;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i]!;
  const mean = sum / count;
  let squares = 0;
  let [zeros, saturated, nonFinite] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    squares += (value - mean) ** 2;
    if (value === 0) zeros++;
    if (!Number.isFinite(value)) nonFinite++;
    if (isFlat(value, activation)) saturated++;
  }
  return { mean, standardDeviation: Math.sqrt(squares / count), zeros, saturated, nonFinite };
}

/** Below the first and above the second limit, the activation's slope is zero or negligible: see src/kernels/activation.ts. */
const flatBeyond: Record<string, readonly [number, number]> = {
  tanh: [-0.99, 0.99],
  sigmoid: [0.01, 0.99],
  relu6: [-Infinity, 5.9999995],
  elu: [-0.98, Infinity],
  selu: [-0.98 * 1.05070098 * 1.67326324, Infinity],
  softplus: [0.0202, Infinity],
  softsign: [-0.8586, 0.8586],
  hardSigmoid: [2 ** -26, 0.99999994],
  exponential: [0.02, Infinity],
};

/** Compares with the limits rounded to float32, so that a value at a limit is on the same side as on the GPU. */
export function isFlat(value: number, activation: string): boolean {
  const [low, high] = flatBeyond[activation] ?? [-Infinity, Infinity];
  return value < Math.fround(low) || value > Math.fround(high);
}

/** Which of `units`, the innermost axis of the values, were positive; `before` are those that already were. */
export function positiveUnits(values: Numbers, units: number, before?: readonly boolean[]): boolean[] {
  const positive = before ? [...before] : new Array<boolean>(units).fill(false);
  for (let i = 0; i < values.length; i++) if (values[i]! > 0) positive[i % units] = true;
  return positive;
}

/** Number of units among the first `most` whose bits equal another unit's in every row; rows have one number per unit. */
export function equalUnits(rows: readonly Numbers[], most = 512): number {
  const count = Math.min(most, rows[0]?.length ?? 0);
  const keys = Array.from({ length: count }, (_, unit) => rows.map((row) => row[unit]! + 0).join());
  return keys.filter((key, unit) => keys.some((other, at) => at !== unit && other === key)).length;
}

/** The rows of tensors whose last axis is the units. */
const rowsOf = (tensors: readonly Numbers[], units: number): Numbers[] =>
  tensors.flatMap((tensor) =>
    Array.from({ length: tensor.length / units }, (_, row) =>
      Array.from({ length: units }, (_, unit) => tensor[row * units + unit]!),
    ),
  );

/** Mean and population standard deviation of at most `most` numbers, evenly spaced at an odd distance. */
export function inputStatistics(x: Numbers, most = 4096): { mean: number; standardDeviation: number } {
  const spacing = Math.ceil(x.length / most) | 1;
  const seen = Array.from({ length: Math.ceil(x.length / spacing) }, (_, i) => x[spacing * i]!);
  const { mean, standardDeviation } = statistics(seen, 'linear');
  return { mean, standardDeviation };
}

/** Everything measured in one step: the values computed by the network, and the weights before and after the update. */
export interface MeasuredStep {
  network: NetworkGradients;
  /** The input of the first layer. */
  x: Numbers;
  before: readonly Numbers[];
  after: readonly Numbers[];
  /** By layer, the units that were positive in the epoch's steps so far; only needed for ReLU layers. */
  positive: Record<string, boolean[]>;
}

/** Gradient health of a step, and the units that have been positive up to it. */
export function networkHealth(
  model: CompiledModel,
  { network, x, before, after, positive }: MeasuredStep,
): { health: HealthRecord; positive: Record<string, boolean[]> } {
  const layers: Record<string, LayerHealth> = {};
  const seen: Record<string, boolean[]> = {};
  // The weights in the order of the gradients, which only include trained tensors.
  const trained = (all: readonly Numbers[]) =>
    model.tensors.flatMap(({ spec }, t) => (spec.trainable ? [all[t]!] : []));
  const [trainedBefore, trainedAfter] = [trained(before), trained(after)];
  for (const layer of model.measured) {
    const { values, deltas } = network.layers[layer.name]!;
    const own = layer.tensors.map(({ index }) => index);
    const [dw, w0, w1] = [network.gradients, trainedBefore, trainedAfter].map((all) => own.map((t) => all[t]!));
    const tensors = layer.tensors.map(({ name }, i) => [name, tensorHealth([dw![i]!], [w0![i]!], [w1![i]!])] as const);
    const activation = typeof layer.activation === 'string' ? layer.activation : layer.activation.name;
    const { mean, standardDeviation, zeros, saturated, nonFinite } = statistics(values, activation);
    const { units } = layer;
    if (activation === 'relu' || activation === 'relu6')
      seen[layer.name] = positiveUnits(values, units, positive[layer.name]);
    const delta = gradientNorm(deltas);
    // Only kernels are initialized at random: units of a normalization may legitimately start equal.
    const hasKernel = layer.tensors.some(({ index }) => isKernel(model, index, units));
    const compared = layer.tensors.flatMap(({ name, index }, i) =>
      name === 'bias' || isKernel(model, index, units) ? [w1![i]!, dw![i]!] : [],
    );
    layers[layer.name] = {
      ...tensorHealth(dw!, w0!, w1!),
      tensors: Object.fromEntries(tensors) as LayerHealth['tensors'],
      activation: { mean, standardDeviation, zeros: zeros / values.length, saturated: saturated / values.length },
      units,
      dead: (seen[layer.name] ?? []).filter((alive) => !alive).length,
      equal: hasKernel ? equalUnits(rowsOf(compared, units)) / Math.min(units, 512) : 0,
      deltaRms: delta.norm / Math.sqrt(deltas.length),
      nonFinite: {
        activations: nonFinite,
        deltas: delta.nonFinite,
        gradients: gradientNorm(...dw!).nonFinite,
        weights: gradientNorm(...w1!).nonFinite,
      },
    };
  }
  const all = Object.values(layers);
  for (const [i, { next }] of model.measured.entries()) {
    if (next !== undefined) all[i]!.transport = all[i]!.deltaRms / all[next]!.deltaRms;
  }
  const transport = all[0]!.deltaRms / all.at(-1)!.deltaRms;
  return { health: { layers, input: inputStatistics(x), transport }, positive: seen };
}

/** Whether a trained tensor is a kernel with one column per unit. */
function isKernel({ tensors }: CompiledModel, index: number, units: number): boolean {
  const { isMatrix, shape } = tensors.filter(({ spec }) => spec.trainable)[index]!.spec;
  return isMatrix === true && shape.at(-1) === units;
}

function tensorHealth(dw: readonly Numbers[], before: readonly Numbers[], after: readonly Numbers[]): TensorHealth {
  const gradient = gradientNorm(...dw);
  const elements = dw.reduce((sum, { length }) => sum + length, 0);
  const update = before.map((w, i) => measureUpdate(w, after[i]!));
  const weightNorm = Math.sqrt(update.reduce((sum, { weightSquares }) => sum + weightSquares, 0));
  const updateNorm = Math.sqrt(update.reduce((sum, { updateSquares }) => sum + updateSquares, 0));
  return {
    gradientNorm: gradient.norm,
    gradientRms: gradient.norm / Math.sqrt(elements),
    gradientMax: gradient.largest,
    weightNorm,
    updateNorm,
    updateRatio: updateNorm / weightNorm,
  };
}
