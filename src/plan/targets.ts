import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { counted } from '../figures.ts';
import { isCategorical, type LossType } from '../model/loss.ts';
import { lossDefinition } from '../model/losses/index.ts';
import { type LabelFacts, requireLabelsBelow, type Samples } from './labels.ts';
import { hasClasses } from './samples.ts';

/** Tolerance for soft labels, which should add up to one: the rounding of float32 divisions. */
const roundingOfShares = 1e-3;

/** True if a classification loss uses soft labels from the data set. */
const bringsShares = ({ loss }: LabelFacts, { targets }: Samples): boolean =>
  isCategorical(loss) && lossDefinition(loss.type).labels === 'shares' && targets !== undefined;

/**
 * The targets [count, outputs] of a data set's samples; undefined if the loss uses class labels. For losses that are not of
 * classes, a class becomes its index if the model has one output, otherwise a one-hot vector.
 *
 * @param dataset that has passed `checkLabels`.
 */
export function targetsOf(facts: LabelFacts, dataset: Samples): Float32Array | undefined {
  const { loss, outputs } = facts;
  const { labels, targets, count } = dataset;
  if (isCategorical(loss)) return bringsShares(facts, dataset) ? targets : undefined;
  if (targets) return targets;
  if (outputs === 1) return Float32Array.from(labels);
  const ofClasses = new Float32Array(count * outputs);
  for (let n = 0; n < count; n++) ofClasses[n * outputs + labels[n]!] = 1;
  return ofClasses;
}

/** @throws ConfigurationError for a data set whose labels or targets don't fit the loss. */
export function checkLabels(facts: LabelFacts, dataset: Samples): void {
  const { loss, outputs } = facts;
  if (bringsShares(facts, dataset)) requireTargets(facts, dataset);
  else if (isCategorical(loss)) requireClasses(facts, dataset);
  else if (dataset.targets) requireTargets(facts, dataset);
  else requireClassesForNumbers(loss.type, outputs, dataset.classNames.length);
}

/** A class becomes its index if there is one output, or a one-hot vector if there is an output per class. */
function requireClassesForNumbers(type: LossType, outputs: number, classes: number): void {
  const isBinary = lossDefinition(type).labels === 'zeroToOne';
  const fits = outputs === 1 ? !isBinary || classes <= 2 : classes === outputs;
  if (fits) return;
  throw unfit(type, `labels of ${counted(classes, 'class', 'classes')}, for ${counted(outputs, 'output')}`, {
    expected:
      outputs === 1
        ? 'labels of at most 2 classes, or targets from 0 to 1'
        : `targets of ${outputs} numbers each, or labels of ${outputs} classes`,
    fits: 'sparseCategoricalCrossentropy',
  });
}

function requireClasses({ loss, outputs: classes }: LabelFacts, dataset: Samples): void {
  const { targets } = dataset;
  if (targets && !hasClasses(dataset)) {
    const each = targets.length / dataset.count;
    throw unfit(loss.type, `targets of ${counted(each, 'number')} each, and no classes`, {
      expected: 'labels, a class index for each image',
      fits: fitting(targets, each),
    });
  }
  requireLabelsBelow(classes, dataset);
}

function requireTargets({ loss, outputs }: LabelFacts, { targets, count }: Samples): void {
  const each = targets!.length / count;
  if (count > 0 && each !== outputs) {
    throw new ConfigurationError({
      what: 'The numbers of targets and of model outputs differ',
      found: `${counted(each, 'number')} for each image`,
      expected: `${outputs}, the units of the last layer`,
      fix: `give the last layer ${counted(each, 'unit')}`,
    });
  }
  requireValues(loss.type, targets!, outputs, fitting(targets!, outputs));
}

/**
 * @param values [n, outputs].
 * @param fits the loss to suggest if they are invalid.
 * @throws ConfigurationError for numbers outside the loss' range.
 */
export function requireValues(type: LossType, values: ArrayLike<number>, outputs: number, fits?: LossType): void {
  const { labels: kind } = lossDefinition(type);
  for (let n = 0; n < values.length / outputs; n++) {
    const row = Array.from({ length: outputs }, (_, k) => values[n * outputs + k]!);
    if (kind === 'shares') {
      const sum = row.reduce((a, b) => a + b);
      if (row.every((share) => share >= 0) && Math.abs(sum - 1) <= roundingOfShares) continue;
      throw new ConfigurationError({
        what: `The soft labels of image ${n} are invalid`,
        found: row,
        expected: `${outputs} numbers >= 0 that add up to 1`,
        ...(fits && fits !== type && { fix: `use the loss ${fits}` }),
      });
    }
    const isIn = (value: number) => (kind === 'zeroToOne' ? value >= 0 && value <= 1 : Number.isFinite(value));
    if (row.every(isIn)) continue;
    throw new ConfigurationError({
      what: `The targets of image ${n} do not fit ${type}`,
      found: row,
      expected: kind === 'zeroToOne' ? `${outputs} numbers from 0 to 1` : `${counted(outputs, 'finite number')}`,
      ...(fits && fits !== type && { fix: `use the loss ${fits}` }),
    });
  }
}

const unfit = (type: LossType, found: string, { expected, fits }: { expected: string; fits: LossType }) =>
  new ConfigurationError({
    what: `The data set's labels do not fit ${type}`,
    found,
    expected,
    fix: `use the loss ${fits}, or other labels`,
  });

/** The loss that fits targets that are already smoothed or mixed. */
function fitting(targets: Float32Array, outputs: number): LossType {
  const isYesOrNo = targets.every((value) => value === 0 || value === 1);
  const addsUp = (n: number) =>
    Math.abs(targets.subarray(n * outputs, (n + 1) * outputs).reduce((a, b) => a + b, 0) - 1) <= roundingOfShares;
  const areShares =
    outputs > 1 &&
    targets.every((value) => value >= 0) &&
    Array.from({ length: targets.length / outputs }, (_, n) => n).every(addsUp);
  return areShares ? 'categoricalCrossentropy' : isYesOrNo ? 'binaryCrossentropy' : 'meanSquaredError';
}

/** The class of each sample: its label, or the argmax of its targets (the first if there are several). */
export function classesOf({ labels, targets, classNames, count }: Samples, outputs: number): Dataset['labels'] {
  if (!targets || classNames.length > 0) return labels;
  const row = (n: number) => targets.subarray(n * outputs, (n + 1) * outputs);
  return Uint16Array.from({ length: count }, (_, n) => row(n).indexOf(Math.max(...row(n))));
}
