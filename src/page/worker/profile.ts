import { createTrainer, type TrainingProfile, takeFirst } from '../../index.ts';
import { load } from './datasets.ts';
import { device } from './device.ts';
import type { TrainRequest } from './session.ts';

/** Times each dispatch of a step of what would be trained: a network of its own, which leaves the run's alone. */
export async function profileOf(request: TrainRequest, rounds: number): Promise<TrainingProfile> {
  const { dataset, clean, epochs: _, trainSamples, testSamples: __, paused: ___, ...options } = request;
  const trainer = createTrainer(await device(), options);
  try {
    const { train } = await load({ dataset, clean });
    return await trainer.profile(takeFirst(train, trainSamples), { steps: rounds });
  } finally {
    trainer.dispose();
  }
}
