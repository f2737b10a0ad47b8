import type { Engine } from './engine.ts';

/**
 * Runs work that takes training steps, then restores exactly everything that they changed: weights, optimizer slots and
 * average, moving statistics, the counts of steps, updates and epochs (which seed random numbers), the learning rate, and the
 * augmentation's statistics.
 */
export async function withTrainingRestored<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  const { memory, steps, epochs, trainingSteps, inputView } = engine;
  const { learningRate } = engine.schedule;
  const { network, training, slots, average, measurement } = steps;
  const { moving } = network;
  const kept = [
    network.weights.all,
    ...(moving ? [moving.all] : []),
    ...slots,
    ...(average ? [average.all] : []),
    training.state,
    ...(measurement ? [measurement.positive] : []),
  ];
  const copies = kept.map((slice) => memory.storage(`${slice.label}.kept`, slice.size / 4));
  engine.copy(kept, copies);
  try {
    return await work();
  } finally {
    engine.copy(copies, kept);
    await engine.resumeAt({ epochs, step: trainingSteps, learningRate });
    engine.useInputView(inputView);
    for (const copy of copies) memory.free(copy.buffer);
  }
}
