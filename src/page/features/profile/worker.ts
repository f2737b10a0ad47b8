import { createTrainer, type TrainingProfile, takeFirst } from '../../../index.ts';
import { trainerOptionsOf } from '../../../session/run_request.ts';
import { load } from '../../app/worker/datasets.ts';
import { device } from '../../app/worker/device.ts';
import type { TrainRequest } from '../run/worker.ts';

/** Times each dispatch of a step of the current experiment, on a separate network that does not affect the run's. */
export async function profileOf({ paused, ...request }: TrainRequest, rounds: number): Promise<TrainingProfile> {
  const trainer = createTrainer(await device(), trainerOptionsOf(request));
  try {
    const { train } = await load(request);
    return await trainer.profile(takeFirst(train, request.trainSamples), { steps: rounds });
  } finally {
    trainer.dispose();
  }
}
