import type { FeatureStatistics } from '../augment/image_data_generator.ts';
import { ConfigurationError } from '../errors.ts';
import type { Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import type { WatchState } from '../health/verdicts.ts';
import { stateFields } from '../kernels/state.ts';
import { trainedTensors } from '../model/graph.ts';
import { fillLearningRate, type LearningRate } from '../model/schedule.ts';
import type { CallbackStates } from './callbacks/index.ts';
import type { CheckpointEvery } from './checkpoint_every.ts';
import type { Engine } from './engine.ts';
import type { Query } from './queries.ts';
import { copyWeights, readTensors, readTrained, slicesLike } from './weights.ts';

/** The complete state of training. Another trainer with the same options continues from it with bit-identical results. */
export interface Snapshot {
  /** In Keras' order and layout, like `getWeights`. */
  weights: Float32Array[];
  /** The optimizer that `slots` belong to; missing in snapshots of older versions. */
  optimizer?: string;
  /** The optimizer's slots, in the order of the trained weights: Adam's m, then v; SGD's velocity if it has momentum. */
  slots: Float32Array[];
  /** The moving average of the trained weights, in their order, if the optimizer keeps one. */
  averages?: Float32Array[];
  /** Progress of the run. */
  progress: Progress;
  /** The rate of the next steps, which `setLearningRate` may have changed. */
  learningRate: LearningRate;
  /** Statistics of the images of the first `fit`, if the augmentation needs them. */
  statistics?: FeatureStatistics;
  /**
   * State of the verdicts of a `fit`, if health is measured: a `fit` resumed mid-run reports the same verdicts and counts the
   * same dead units as an uninterrupted one. Missing in older files.
   */
  health?: SnapshotHealth;
  /** State of the callbacks of a `fit`, if there are any. */
  callbacks?: CallbackStates;
  /** The weights of the best epoch, in the form of `weights`, with earlyStopping's `restoreBestWeights`. */
  bestWeights?: Float32Array[];
}

/** State of the verdicts. */
export interface SnapshotHealth {
  /** One bit per unit, whether it was positive since the epoch began, in 32-bit words as on the GPU. */
  units: Float32Array;
  /** State of the layer verdicts. */
  watch: WatchState;
}

/** Progress of a run. */
export interface Progress {
  /** Number of epochs started. The number of the next one seeds its order and augmentation. */
  epochs: number;
  /** Number of steps started. */
  step: number;
  /** Number of steps that changed the weights. */
  updates: number;
  /** Number of skipped steps. */
  skipped: number;
  /** Adam's 1 - beta1^t, as rounded on the GPU. */
  correction1: number;
  /** Adam's 1 - beta2^t, as rounded on the GPU. */
  correction2: number;
  /** With `lossScale: 'dynamic'`: the scale, its inverse, the number of updates since it last changed, and 0. */
  lossScale?: [scale: number, inverse: number, updates: number, unused: number];
}

const ofState = ['step', 'updates', 'skipped', 'correction1', 'correction2'] as const;

/** Implements `Trainer.snapshot`. */
export const snapshotQuery: Query<[], Snapshot> = async () => takeSnapshot;

/** A copy of the complete state of training. No step may be in flight. */
export async function takeSnapshot(engine: Engine): Promise<Snapshot> {
  const { gpu, memory, steps, epochs, inputView } = engine;
  const { learningRate } = engine.schedule;
  const weights = await readTensors(engine, steps.network.tensors);
  const slots: Float32Array[] = [];
  for (const slices of slotSlices(engine)) slots.push(...(await readTrained(engine, slices)));
  const averages = steps.average && (await readTrained(engine, slicesLike(steps.network.weights, steps.average.all)));
  const watch = engine.watch?.state ?? engine.watchBefore;
  const positive = watch && steps.measurement?.positive;
  const { dynamicScale: scale } = steps;
  const [bytes, ...others] = await readSlices(gpu, memory, [
    steps.training.state,
    ...(scale ? [scale] : []),
    ...(positive ? [positive] : []),
  ]);
  const lossScale = scale && ([...new Float32Array(others.shift()!)] as NonNullable<Progress['lossScale']>);
  const [units] = others;
  const view = new DataView(bytes!);
  const read = (name: (typeof ofState)[number]) => {
    const at = 4 * stateFields.indexOf(name);
    return name.startsWith('correction') ? view.getFloat32(at, true) : view.getUint32(at, true);
  };
  const state = Object.fromEntries(ofState.map((name) => [name, read(name)])) as Record<
    (typeof ofState)[number],
    number
  >;
  const { statistics } = inputView;
  const { states, bestWeights } = engine.keptByCallbacks;
  const { type: optimizer } = engine.settings.optimizer;
  return {
    weights,
    optimizer,
    slots,
    ...(averages && { averages }),
    progress: { epochs, ...state, ...(lossScale && { lossScale }) },
    learningRate,
    ...(statistics && { statistics }),
    ...(states && { callbacks: states }),
    ...(bestWeights && { bestWeights: bestWeights.map((tensor) => tensor.slice()) }),
    ...(units && { health: { units: new Float32Array(units), watch: watch! } }),
  };
}

/**
 * Checks a snapshot against the trainer that will restore it. @throws ConfigurationError if it belongs to another model or
 * optimizer.
 */
export async function restoreSnapshot(engine: Engine, snapshot: Snapshot): Promise<void> {
  const { model, optimizer } = engine.settings;
  const weights = copyWeights(model, snapshot.weights);
  const slices = slotSlices(engine);
  const trained = trainedTensors(model);
  const kept = { optimizer: snapshot.optimizer ?? optimizer.type, tensors: snapshot.slots.length };
  if (kept.optimizer !== optimizer.type || kept.tensors !== slices.length * trained.length) {
    throw new ConfigurationError({
      what: 'The snapshot was taken with another optimizer',
      found: `${kept.optimizer}, ${kept.tensors} tensors of optimizer slots`,
      expected: `${optimizer.type}, ${slices.length * trained.length}`,
      fix: 'create the trainer with the options of the snapshot',
    });
  }
  const slots = slices.map((_, i) =>
    copyWeights(model, snapshot.slots.slice(i * trained.length, (i + 1) * trained.length), trained),
  );
  const { average } = engine.steps;
  // Without averages, as in a run that kept none, the average starts at the snapshot's weights.
  const averages = average && snapshot.averages && copyWeights(model, snapshot.averages, trained);
  const bestWeights = snapshot.bestWeights && copyWeights(model, snapshot.bestWeights);
  const { progress, learningRate, statistics, callbacks } = snapshot;
  const filled = fillLearningRate(learningRate);
  const { epochs, lossScale, ...state } = progress;
  engine.writeTensors(weights);
  for (const [i, tensors] of slices.entries()) {
    for (const [t, slice] of tensors.entries()) engine.write(slice, slots[i]![t]!);
  }
  if (averages) {
    const tensors = slicesLike(engine.steps.network.weights, average.all);
    for (const [t, slice] of tensors.entries()) engine.write(slice, averages[t]!);
  }
  engine.isRestored = true;
  await engine.resumeAt({ epochs, step: state.step, learningRate: filled });
  engine.writeState(engine.steps.training, { seed: engine.settings.seed, epoch: epochs, ...state });
  const { dynamicScale } = engine.steps;
  // A run whose scale was static begins with the initial scale.
  if (dynamicScale && lossScale) engine.write(dynamicScale, Float32Array.from(lossScale));
  if (statistics) engine.useStatistics(statistics);
  const positive = engine.steps.measurement?.positive;
  engine.keptByCallbacks = { ...(callbacks && { states: callbacks }), ...(bestWeights && { bestWeights }) };
  engine.watch = undefined;
  engine.watchBefore = snapshot.health?.watch;
  // Another size means a version of wgrad with another layout of units; counting then starts from zero.
  if (positive && snapshot.health?.units.byteLength === positive.size) engine.write(positive, snapshot.health.units);
}

/** The tensors in each of the optimizer's arenas, which have the layout of the gradients' arena. */
const slotSlices = ({ steps }: Engine): Slice[][] =>
  steps.slots.map((arena) => slicesLike(steps.network.gradients, arena));

/**
 * Takes the checkpoints of a run when they are due. Steps and epochs count from the start of the run, so that a resumed run has
 * checkpoints at the same points. Loaded on demand, because most runs have none.
 */
export class Checkpoints {
  private takenAt = performance.now();

  constructor(
    private readonly engine: Engine,
    private readonly every: CheckpointEvery,
    private readonly onCheckpoint: (snapshot: Snapshot) => unknown,
  ) {}

  /** Number of steps that may be submitted before the next check. @param done completed steps. */
  stepsBeforeNext(done: number): number {
    return 'steps' in this.every ? this.every.steps - (done % this.every.steps) : Infinity;
  }

  /** @param done completed steps, the last of them within an epoch. */
  isDueAfterStep(done: number): boolean {
    if ('steps' in this.every) return done % this.every.steps === 0;
    return 'seconds' in this.every && performance.now() - this.takenAt >= 1000 * this.every.seconds;
  }

  /** @param done completed steps, the last of them at the end of this epoch. */
  isDueAfterEpoch(done: number, epoch: number): boolean {
    return 'epochs' in this.every ? epoch % this.every.epochs === 0 : this.isDueAfterStep(done);
  }

  async take(): Promise<void> {
    const snapshot = await takeSnapshot(this.engine);
    this.takenAt = performance.now();
    await this.onCheckpoint(snapshot);
  }
}
