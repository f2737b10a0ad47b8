import { mirroringParts } from '../augment/mirroring.ts';
import { areCharacters } from '../data/characters.ts';
import { count, counted, figure, fixed } from '../figures.ts';
import { isBad } from '../health/history.ts';
import { measureName, measureValue, validationMeasure } from '../health/metric.ts';
import type { TrainingLog } from '../health/training_log.ts';
import {
  type AdapterFacts,
  type AugmentationConfig,
  describeAdapter,
  type EpochRecord,
  type Evaluation,
  type LayerSummary,
  type Startup,
  type StepRecord,
  type StoppedEarly,
} from '../index.ts';
import { fewValidationWords, type Plan, stepsPerEpoch } from '../train/run_length.ts';
import { aboutSeconds, estimatedStepMs, runSeconds } from '../train/run_time.ts';
import { healthTable } from './health_report.ts';
import { table } from './tables.ts';

/** The lines of `wgrad train` and `wgrad profile`: functions that format facts as text; the commands print them. */

export const adapterLine = (adapter: AdapterFacts) => `adapter  ${describeAdapter(adapter)}`;

export interface DataFacts {
  /** Number of images. */
  train: number;
  test: number;
  imageShape: readonly number[];
  classNames: readonly string[];
  /** Names of the target numbers that the images have instead of classes. */
  targetNames?: readonly string[] | undefined;
}

export function dataLine(name: string, { train, test, imageShape, classNames, targetNames = [] }: DataFacts): string {
  const labels =
    classNames.length > 0 || targetNames.length === 0
      ? counted(classNames.length, 'class', 'classes')
      : `${counted(targetNames.length, 'number')} for each: ${targetNames.join(', ')}`;
  return (
    `data     ${name}: ${count(train)} training and ${counted(test, 'test image')} ` +
    `of ${imageShape.join(' x ')}, ${labels}`
  );
}

/** The length that was chosen for a run without --epochs, and its estimated time. */
export function lengthLines(plan: Plan, layers: readonly LayerSummary[], batchSize: number): string[] {
  const { epochs, trainSamples, testSamples } = plan;
  if (plan.cut) {
    const time = aboutSeconds(runSeconds(plan, batchSize, estimatedStepMs(layers, batchSize)));
    return [
      `cut      to ${counted(epochs, 'epoch')} of ${count(trainSamples)} training and ${counted(testSamples, 'test image')}, ` +
        `${time} of a software adapter by a rough estimate; set --epochs or --train-samples to change this`,
    ];
  }
  const few = fewValidationWords(testSamples);
  const notes = few ? [`note     ${few}`] : [];
  if (!plan.lengthened) return notes;
  const steps = stepsPerEpoch(plan, batchSize);
  return [
    ...notes,
    `length   ${counted(epochs, 'epoch')}, because ${counted(trainSamples, 'training image')} make ${counted(steps, 'step')} ` +
      `an epoch: ${counted(epochs * steps, 'step')} in all; --epochs sets another number`,
  ];
}

/**
 * A warning if digits or letters are mirrored; nothing if they aren't, or if the classes are something else.
 *
 * @param flags the options that turn mirroring off.
 */
export function mirroringLines(
  augmentation: AugmentationConfig,
  classNames: readonly string[],
  flags: string,
): string[] {
  if (!areCharacters(classNames) || mirroringParts(augmentation).length === 0) return [];
  return [
    `note     mirrored digits and letters cost accuracy (a mirrored 2 looks like a 5): ${flags} leaves the flips out`,
  ];
}
/** The estimated time of the run, printed as soon as its steps have been timed. */
export const timeLine = (plan: Plan, batchSize: number, stepMs: number) =>
  `time     ${aboutSeconds(runSeconds(plan, batchSize, stepMs))} for this run, estimated from its first steps`;

export function modelTable(layers: readonly LayerSummary[]): string {
  const rows = layers.map(({ name, type, outputShape, parameters }) => [
    name,
    type,
    outputShape.join(' x '),
    count(parameters),
  ]);
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  return table(['layer', 'type', 'output', 'parameters'], [...rows, ['total', '', '', count(total)]], 2);
}

export function epochLine(record: EpochRecord, epochs: number): string {
  const parts = [
    `epoch ${record.epoch}/${epochs}  loss ${fixed(record.loss)}  ${measureName(record)} ${fixed(measureValue(record))}`,
    ...(record.validationLoss === undefined
      ? []
      : [
          `validation loss ${fixed(record.validationLoss)}  ${measureName(record)} ${fixed(validationMeasure(record))}${metricWords(metricFigures(record))}`,
        ]),
    ...(record.reducedLearningRate === undefined
      ? []
      : [`learning rate lowered to ${figure(record.reducedLearningRate)}`]),
    `${fixed(record.seconds, 1)} s  ${Math.round(record.imagesPerSecond)} images/s`,
  ];
  const norms = Object.entries(record.gradientNorms).map(([layer, { mean }]) => `${layer} ${figure(mean)}`);
  return `${parts.join('  |  ')}  |  gradient norms  ${norms.join('  ')}`;
}

const alwaysShown = ['validationLoss', 'validationAccuracy', 'validationMeanAbsoluteError'];

/** Validation metrics that are a single number, by their names in an evaluation: `f1Score`. */
function metricFigures(record: EpochRecord): Map<string, number> {
  const figures = new Map<string, number>();
  for (const [name, value] of Object.entries(record)) {
    const [, first, rest] = /^validation(.)(.*)$/.exec(name) ?? [];
    if (!first || typeof value !== 'number' || alwaysShown.includes(name)) continue;
    figures.set(first.toLowerCase() + rest, value);
  }
  return figures;
}

const metricWords = (figures: Iterable<readonly [string, number]>): string =>
  [...figures].map(([name, value]) => `  ${name} ${fixed(value)}`).join('');

/** The results on the test images after the run. @param tta number of augmented samples per image. */
export function testLine(evaluation: Evaluation, tta?: number): string {
  const { loss, accuracy: _, meanAbsoluteError: __, ...metrics } = evaluation;
  const numbers = Object.entries(metrics).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  const how = tta ? `, the mean over ${counted(tta, 'augmented sample')} of each image` : '';
  const measured = `${measureName(evaluation)} ${fixed(measureValue(evaluation))}`;
  return `test     loss ${fixed(loss)}  ${measured}${metricWords(numbers)}${how}`;
}

export function stoppedEarlyLine(
  { epoch, monitor, best, bestEpoch, restoredBestWeights }: StoppedEarly,
  epochs: number,
): string {
  const was = best === undefined ? 'was never a number' : `was best in epoch ${bestEpoch}, ${fixed(best)}`;
  const whose = restoredBestWeights ? `; the weights are those of epoch ${bestEpoch}` : '';
  return `stopped  early, after epoch ${epoch} of ${epochs}: ${monitor} ${was}${whose}`;
}

/** @param classNames for the table by class, if precision, recall or F1 were measured. */
export function finalTables(log: TrainingLog, classNames: readonly string[] = []): string {
  if (log.steps.length === 0) return 'No step was finished: nothing was learned.';
  const metrics = [...new Set(log.epochs.flatMap((record) => [...metricFigures(record).keys()]))];
  const rows = log.epochs.map((record) => [
    String(record.epoch),
    fixed(record.loss),
    fixed(measureValue(record)),
    fixed(record.validationLoss),
    fixed(validationMeasure(record)),
    ...metrics.map((name) => fixed(metricFigures(record).get(name))),
    fixed(record.seconds, 1),
    String(Math.round(record.imagesPerSecond)),
  ]);
  const part = log.unfinished;
  if (part) {
    const name = `${part.epoch}, ${part.steps} of ${counted(log.stepsPerEpoch, 'step')}`;
    rows.push([name, fixed(part.loss), fixed(measureValue(part)), '', '', ...metrics.map(() => ''), '', '']);
  }
  const measure = measureName(log.steps[0]);
  const head = [
    'epoch',
    'loss',
    measure,
    'validation loss',
    `validation ${measure}`,
    ...metrics,
    'seconds',
    'images/s',
  ];
  return [table(head, rows), classTable(log, classNames), normTable(log), healthTable(log)].filter(Boolean).join('\n');
}

/** Precision, recall and F1 of each class in the last validation. */
function classTable(log: TrainingLog, classNames: readonly string[]): string | undefined {
  const last = log.epochs.findLast(({ validationLoss }) => validationLoss !== undefined);
  const columns = Object.entries(last ?? {}).flatMap(([name, values]) => {
    const [, first, rest] = /^validation(.)(.*)ByClass$/.exec(name) ?? [];
    return first && Array.isArray(values) ? [{ name: first.toLowerCase() + rest, values: values as number[] }] : [];
  });
  if (columns.length === 0) return undefined;
  const rows = classNames.map((name, label) => [name, ...columns.map(({ values }) => fixed(values[label]))]);
  return table(['validation, by class', ...columns.map(({ name }) => name)], rows);
}

function normTable(log: TrainingLog): string {
  const layers = Object.keys(log.steps[0]!.gradientNorms);
  const rows = layers.map((layer) => {
    const { mean, min, max } = log.normsOf(layer) ?? {};
    const last = log.epochs.at(-1)?.gradientNorms[layer]?.mean;
    return [layer, figure(mean), figure(last), figure(min), figure(max)];
  });
  return table(['gradient norm', 'mean', 'last epoch', 'smallest', 'largest'], rows);
}

/** How many steps were skipped, and why. */
export function skippedLines(steps: readonly StepRecord[]): string[] {
  const bad = steps.filter(isBad).length;
  const halved = steps.filter(({ lossScaleHalved }) => lossScaleHalved).length;
  const scale = steps.at(-1)?.lossScale;
  return [
    ...(bad ? [`skipped  ${counted(bad, 'step')} with numbers that are not finite`] : []),
    ...(halved ? [`skipped  ${counted(halved, 'step')} whose scaled gradients exceeded float16`] : []),
    ...(scale ? [`scale    ${count(scale)}, the loss scale of the last step`] : []),
  ];
}

export function startupLine({ startup }: { startup: Startup }): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(2);
  return (
    `started  in ${seconds(startup.compileMs + startup.uploadMs + startup.firstStepMs)} s: ` +
    `shaders ${seconds(startup.compileMs)}, upload ${seconds(startup.uploadMs)}, first step ${seconds(startup.firstStepMs)}`
  );
}
