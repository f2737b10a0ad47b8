import { tutorialEpochs } from '../model/tutorial.ts';

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

/** What the user said of it; what is undefined was left open. */
export type AskedLength = Partial<Omit<Plan, 'cut'>>;

/** How many images there are. */
export interface Counts {
  train: { count: number };
  test: { count: number };
}

/** How much is trained: what the user said, else everything, else what a software adapter can do while one waits. */
export function planRun(asked: AskedLength, { train, test }: Counts, software: boolean): Plan {
  const whole: Plan = {
    epochs: asked.epochs ?? tutorialEpochs,
    trainSamples: asked.trainSamples ?? train.count,
    testSamples: asked.testSamples ?? test.count,
    cut: false,
  };
  const free = asked.epochs === undefined && asked.trainSamples === undefined;
  if (!software || !free || softwareTime(whole) <= softwareSeconds) return whole;
  return {
    epochs: softwarePart.epochs,
    trainSamples: Math.min(softwarePart.trainSamples, train.count),
    testSamples: asked.testSamples ?? Math.min(softwarePart.testSamples, test.count),
    cut: true,
  };
}

function softwareTime({ epochs, trainSamples, testSamples }: Plan): number {
  const { training, validation } = softwareImagesPerSecond;
  return epochs * (trainSamples / training + testSamples / validation);
}
