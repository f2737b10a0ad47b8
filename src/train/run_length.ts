import { counted, figure } from '../figures.ts';
import { tutorialBatchSize, tutorialEpochs } from '../model/tutorial.ts';
import { stepSamples } from '../plan/settings.ts';

/** Measured with the tutorial's network at batch 32 on SwiftShader with two cores. */
const softwareImagesPerSecond = { training: 200, validation: 600 };
/** A default run on a software adapter takes about two minutes, including start-up. */
const softwareSeconds = 110;
/** Pixels per image in that measurement. */
const softwarePixels = 28 * 28;
/** Minimum number of steps: with fewer, a network has hardly begun to learn. */
const fewestSteps = 300;
/** Number of validation images below which their accuracy means little. */
const fewValidationImages = 50;
/** A run that fits into that time and still learns. */
const softwarePart = { epochs: 2, trainSamples: 10_000, testSamples: 2_000 };

export interface Plan {
  epochs: number;
  trainSamples: number;
  testSamples: number;
  /** True if the run was shortened for a software adapter. */
  cut: boolean;
  /** True if it has more epochs than usual, because the set is small. */
  lengthened?: true;
}

/** The lengths that the user set; undefined for the others. */
export type AskedLength = Partial<Pick<Plan, 'epochs' | 'trainSamples' | 'testSamples'>> & {
  batchSize?: number;
  accumulationSteps?: number | undefined;
};

type ImageShape = readonly [height: number, width: number, channels: number];

/** Numbers of images. */
export interface Counts {
  train: { count: number };
  test: { count: number };
}

/**
 * The length of a run: as set by the user, otherwise the whole data set, or on a software adapter as much as it computes in two
 * minutes. A small data set gets more epochs.
 *
 * @param imageShape if known: larger images take longer on a software adapter.
 */
export function planRun(asked: AskedLength, { train, test }: Counts, software: boolean, imageShape?: ImageShape): Plan {
  const whole: Plan = {
    epochs: asked.epochs ?? tutorialEpochs,
    trainSamples: Math.min(asked.trainSamples ?? train.count, train.count),
    testSamples: Math.min(asked.testSamples ?? test.count, test.count),
    cut: false,
  };
  const free = asked.epochs === undefined && asked.trainSamples === undefined;
  if (!free) return whole;
  if (!software || softwareTime(whole) <= softwareSeconds) return lengthened(whole, asked, software, imageShape);
  return {
    epochs: softwarePart.epochs,
    trainSamples: Math.min(softwarePart.trainSamples, train.count),
    testSamples: asked.testSamples ?? Math.min(softwarePart.testSamples, test.count),
    cut: true,
  };
}

function lengthened(
  plan: Plan,
  { batchSize = tutorialBatchSize, accumulationSteps }: AskedLength,
  software: boolean,
  imageShape?: ImageShape,
): Plan {
  const expected = Math.ceil(fewestSteps / stepsPerEpoch(plan, stepSamples({ batchSize, accumulationSteps })));
  const [height, width] = imageShape ?? [0, 0];
  const epochSeconds = softwareTime({ ...plan, epochs: 1 }) * Math.max(1, (height * width) / softwarePixels);
  const most = software ? Math.floor(softwareSeconds / epochSeconds) : Number.POSITIVE_INFINITY;
  const epochs = Math.min(expected, most);
  return epochs > plan.epochs ? { ...plan, epochs, lengthened: true } : plan;
}

/** @param samples per step: a batch, or all micro-batches of a step. */
export const stepsPerEpoch = ({ trainSamples }: Plan, samples = tutorialBatchSize): number =>
  Math.ceil(trainSamples / samples);

/** A note about a validation set that is too small to mean much; undefined for a larger one, or for none. */
export function fewValidationWords(testSamples: number): string | undefined {
  if (testSamples === 0 || testSamples >= fewValidationImages) return undefined;
  const share = figure(Number((100 / testSamples).toPrecision(2)));
  return `only ${counted(testSamples, 'validation image')}: each is ${share} % of the validation accuracy, which is therefore imprecise`;
}

function softwareTime({ epochs, trainSamples, testSamples }: Plan): number {
  const { training, validation } = softwareImagesPerSecond;
  return epochs * (trainSamples / training + testSamples / validation);
}
