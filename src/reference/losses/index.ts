import type { FilledLoss, FilledLossOf, LossType } from '../../model/losses/index.ts';

type Numbers = ArrayLike<number>;

export interface LossSize {
  batch: number;
  outputs: number;
  /** Number of real samples; the empty slots after them get p and a gradient of zero. */
  count: number;
}

export interface LossInputs {
  /** [batch, outputs]: the last layer's output before the activation that belongs to the loss. */
  z: Numbers;
  /** Class indices, [batch]. */
  labels?: Numbers | undefined;
  /** [batch, outputs]; instead of labels. */
  targets?: Numbers | undefined;
  /** Sample weights, [batch]. Default 1. */
  weights?: Numbers | undefined;
}

export interface LossFigures {
  /** The model's output. */
  p: Float64Array;
  /** Gradient of the mean loss over the real samples. */
  dz: Float64Array;
  /** Sum of weighted losses over the real samples. */
  loss: number;
  /**
   * Number of real samples whose largest output is the label's; for independent outputs, the number of outputs on the target's side
   * of 0.5.
   */
  correct: number;
  /** Sum of the mean |p - t| over the real samples. */
  absoluteError: number;
}

/** The loss of one sample, and its gradient with respect to z. */
interface Sample {
  y: number[];
  loss: number;
  dz: number[];
  correct: number;
}

type Twin<O> = (loss: O, z: number[], t: number[]) => Sample;

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const argmax = (values: readonly number[]) => values.indexOf(Math.max(...values));

/**
 * loss = sum over k of s[k] f(p[k]) with p = softmax(z) and s the smoothed soft labels.
 *
 * @param f with p times its derivative with respect to p, which is finite even at p = 0.
 */
function categorical(
  z: number[],
  t: number[],
  labelSmoothing: number,
  f: (p: number, logP: number) => { value: number; slope: number },
): Sample {
  const largest = Math.max(...z);
  const exponentials = z.map((value) => Math.exp(value - largest));
  const total = sum(exponentials);
  const y = exponentials.map((value) => value / total);
  const s = t.map((share) => share * (1 - labelSmoothing) + labelSmoothing / z.length);
  const parts = y.map((p, k) => f(p, z[k]! - largest - Math.log(total)));
  const loss = sum(parts.map(({ value }, k) => (s[k] === 0 ? 0 : s[k]! * value)));
  // dp[k]/dz[j] = p[k] (1 if k = j, else 0, - p[j]).
  const dp = parts.map(({ slope }, k) => s[k]! * slope);
  const whole = sum(dp);
  return { y, loss, dz: y.map((p, j) => dp[j]! - p * whole), correct: Number(argmax(z) === argmax(t)) };
}

const crossEntropy = (_: number, logP: number) => ({ value: -logP, slope: -1 });

/** The mean of an elementwise loss over the outputs. */
function eachOutput(
  z: number[],
  t: number[],
  output: (z: number) => number,
  f: (z: number, t: number) => { value: number; slope: number },
): Sample {
  const parts = z.map((value, k) => f(value, t[k]!));
  const y = z.map(output);
  return {
    y,
    loss: sum(parts.map(({ value }) => value)) / z.length,
    dz: parts.map(({ slope }) => slope / z.length),
    correct: y.filter((value, k) => value > 0.5 === t[k]! > 0.5).length,
  };
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const itself = (z: number) => z;

const twins: { [T in LossType]: Twin<FilledLossOf<T>> } = {
  sparseCategoricalCrossentropy: ({ labelSmoothing }, z, t) => categorical(z, t, labelSmoothing, crossEntropy),
  categoricalCrossentropy: ({ labelSmoothing }, z, t) => categorical(z, t, labelSmoothing, crossEntropy),
  categoricalFocalCrossentropy: ({ labelSmoothing, alpha, gamma }, z, t) =>
    categorical(z, t, labelSmoothing, (p, logP) => {
      const q = 1 - p;
      const inner = q === 0 ? 0 : gamma * p * q ** (gamma - 1) * logP;
      return { value: -alpha * q ** gamma * logP, slope: alpha * (inner - q ** gamma) };
    }),
  binaryCrossentropy: ({ labelSmoothing }, z, t) =>
    eachOutput(z, t, sigmoid, (value, target) => {
      const s = target * (1 - labelSmoothing) + labelSmoothing / 2;
      const loss = Math.max(value, 0) - s * value + Math.log1p(Math.exp(-Math.abs(value)));
      return { value: loss, slope: sigmoid(value) - s };
    }),
  meanSquaredError: (_, z, t) =>
    eachOutput(z, t, itself, (value, target) => ({ value: (value - target) ** 2, slope: 2 * (value - target) })),
  meanAbsoluteError: (_, z, t) =>
    eachOutput(z, t, itself, (value, target) => ({
      value: Math.abs(value - target),
      slope: Math.sign(value - target),
    })),
  huber: ({ delta }, z, t) =>
    eachOutput(z, t, itself, (value, target) => {
      const e = value - target;
      const isSmall = Math.abs(e) <= delta;
      return {
        value: isSmall ? e ** 2 / 2 : delta * (Math.abs(e) - delta / 2),
        slope: isSmall ? e : delta * Math.sign(e),
      };
    }),
};

/** A loss and its gradient, in float64. */
export function lossTwin(loss: FilledLoss, size: LossSize, { z, labels, targets, weights }: LossInputs): LossFigures {
  const { batch, outputs, count } = size;
  const twin = twins[loss.type] as Twin<FilledLoss>;
  const p = new Float64Array(batch * outputs);
  const dz = new Float64Array(batch * outputs);
  const figures = { loss: 0, correct: 0, absoluteError: 0 };
  for (let n = 0; n < batch; n++) {
    const row = (values: Numbers) => Array.from({ length: outputs }, (_, k) => values[n * outputs + k]!);
    const t = targets ? row(targets) : row(z).map((_, k) => Number(k === labels?.[n]));
    const sample = twin(loss, row(z), t);
    p.set(sample.y, n * outputs);
    if (n >= count) continue;
    const weight = weights ? weights[n]! : 1;
    dz.set(
      sample.dz.map((value) => (weight * value) / count),
      n * outputs,
    );
    figures.loss += weight * sample.loss;
    figures.correct += sample.correct;
    figures.absoluteError += sum(sample.y.map((y, k) => Math.abs(y - t[k]!))) / outputs;
  }
  return { p, dz, ...figures };
}
