import type { TrainAndTest } from '../data/index.ts';
import { ConfigurationError } from '../errors.ts';
import { tutorialEpochs } from '../train/tutorial.ts';
import type { RunOptions } from './run_options.ts';

/** The tutorial's network at batch 32 on SwiftShader with two cores. */
const softwareImagesPerSecond = { training: 200, validation: 600 };
/** A default run on a software adapter ends in about two minutes, start included. */
const softwareSeconds = 110;
/** What fits into that, and still learns. */
const softwarePart = { epochs: 2, trainSamples: 10_000, testSamples: 2_000 };

export interface Plan {
  epochs: number;
  trainSamples: number;
  testSamples: number;
  /** The run was cut to suit a software adapter. */
  cut: boolean;
}

/** How much is trained: what the user said, else everything, else what a software adapter can do while one waits. */
export function planRun(options: RunOptions, { train, test }: TrainAndTest, software: boolean): Plan {
  const whole: Plan = {
    epochs: options.epochs ?? tutorialEpochs,
    trainSamples: options.trainSamples ?? train.count,
    testSamples: options.testSamples ?? test.count,
    cut: false,
  };
  const free = options.epochs === undefined && options.trainSamples === undefined;
  if (!software || !free || softwareTime(whole) <= softwareSeconds) return whole;
  return {
    epochs: softwarePart.epochs,
    trainSamples: Math.min(softwarePart.trainSamples, train.count),
    testSamples: options.testSamples ?? Math.min(softwarePart.testSamples, test.count),
    cut: true,
  };
}

function softwareTime({ epochs, trainSamples, testSamples }: Plan): number {
  const { training, validation } = softwareImagesPerSecond;
  return epochs * (trainSamples / training + testSamples / validation);
}

/** Before Chrome is started: the data set must have what was asked for. */
export function checkSamples(options: RunOptions, { train, test }: TrainAndTest): void {
  for (const [flag, asked, count] of [
    ['--train-samples', options.trainSamples, train.count],
    ['--test-samples', options.testSamples, test.count],
  ] as const) {
    if (asked !== undefined && asked > count) {
      throw new ConfigurationError({
        what: `${flag} asks for more than the data set ${options.dataset} has`,
        found: asked,
        wanted: `at most ${count}`,
        fix: `leave ${flag} out to take all of them`,
      });
    }
  }
}
