import { createTrainer, type LearningRateCurve, takeFirst } from '../../../index.ts';
import { trainerOptionsOf } from '../../../session/run_request.ts';
import { load } from '../../app/worker/datasets.ts';
import { device } from '../../app/worker/device.ts';
import type { TrainRequest } from '../run/worker.ts';

/** Sweeps the learning rate of the current experiment, on a separate network that does not affect the run's. */
export async function learningRateCurveOf({ paused, ...request }: TrainRequest): Promise<LearningRateCurve> {
  const trainer = createTrainer(await device(), trainerOptionsOf(request));
  try {
    const { train } = await load(request);
    return await trainer.findLearningRate(takeFirst(train, request.trainSamples));
  } finally {
    trainer.dispose();
  }
}
