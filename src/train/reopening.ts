import type { Dataset } from '../data/dataset.ts';
import { DeviceLostError } from '../errors.ts';
import type { AdapterFacts, Gpu } from '../gpu/device.ts';
import { readSlices } from '../gpu/readback.ts';
import { unlessAborted } from '../gpu/unless_aborted.ts';
import { emptyHistory, type History, type StepRecord, withoutHealth } from '../health/history.ts';
import { withinTime } from '../time_limit.ts';
import { NonFiniteError } from './diagnosis.ts';
import type { Engine } from './engine.ts';
import { fitDataset } from './fit_loop.ts';
import type { FilledFitOptions } from './fit_options.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';

/** A `fit` ends after this many consecutive device losses without a new step between them. */
const lossesInARow = 3;
/**
 * Milliseconds between two attempts to open a device; also the maximum time from a failure of the device to the report of its
 * loss.
 */
const pause = 1000;

/** The state from which `fit` restarts. */
interface State {
  snapshot: Snapshot;
  /** Number of complete epochs, and the steps after them. */
  epochs: number;
  steps: readonly StepRecord[];
}

/**
 * Runs `fitDataset`, and runs it again from the last state if the device is lost. Steps, epochs, verdicts and probes are reported once.
 *
 * @param reopen creates a new engine on a new device from a snapshot.
 */
export async function fitReopening(
  first: Engine,
  dataset: Dataset,
  options: FilledFitOptions,
  reopen: (snapshot: Snapshot) => Promise<Engine>,
): Promise<History> {
  const history = emptyHistory();
  const { initialEpoch, initialSteps, keepHealth } = options;
  let ofEpoch: StepRecord[] = [...initialSteps];
  let state: State = { snapshot: await takeSnapshot(first), epochs: initialEpoch, steps: initialSteps };
  /** The last step of all attempts. */
  let reported = 0;
  let engine = first;
  for (let [losses, before] = [0, 0]; ; ) {
    const current = engine;
    const isCurrent = () => current === engine && !current.gpu.failure.aborted;
    const place = { step: 0, epochs: state.epochs };
    let isStale = false;
    const attempt = fitDataset(current, dataset, {
      ...options,
      keepHealth: false,
      initialEpoch: state.epochs,
      initialSteps: state.steps,

      initialVerdicts: [...options.initialVerdicts, ...history.verdicts],
      onWarning: (warning) => {
        if (losses > 0 || reported > 0 || !isCurrent()) return;
        history.warnings.push(warning);
        options.onWarning?.(warning);
      },
      onStep: (record, progress) => {
        place.step = record.step;
        isStale = record.step <= reported;
        if (isStale || !isCurrent()) return;
        reported = record.step;
        const kept = keepHealth ? record : withoutHealth(record);
        if (record.skipped) history.skippedSteps++;
        history.steps.push(kept);
        ofEpoch.push(withoutHealth(record));
        options.onStep?.(record, progress);
      },
      onVerdict: (verdict) => {
        if (isStale || !isCurrent()) return;
        history.verdicts.push(verdict);
        options.onVerdict?.(verdict);
      },
      onRunVerdict: (verdict) => {
        if (isStale || !isCurrent()) return;
        history.runVerdicts.push(verdict);
        options.onRunVerdict?.(verdict);
      },
      onProbe: (probe) => {
        if (probe.step <= (history.probes.at(-1)?.step ?? 0) || !isCurrent()) return;
        history.probes.push(probe);
        options.onProbe?.(probe);
      },
      onEpoch: (record) => {
        place.epochs = record.epoch;
        if (record.epoch <= initialEpoch + history.epochs.length || !isCurrent()) return;
        history.epochs.push(record);
        options.onEpoch?.(record);
      },
      onCheckpoint: async (snapshot) => {
        ofEpoch = ofEpoch.filter(({ epoch }) => epoch > place.epochs);
        state = { snapshot, epochs: place.epochs, steps: ofEpoch.filter(({ step }) => step <= place.step) };
        await options.onCheckpoint?.(snapshot);
      },
    });
    try {
      const { steps, epochs, verdicts, runVerdicts, probes, skippedSteps, ...ended } = await unlessAborted(
        attempt,
        current.gpu.failure,
        current.disposal,
      );
      await unlessAborted(requireAlive(current), current.gpu.failure, current.disposal);
      return { ...history, ...ended, warnings: history.warnings };
    } catch (error) {
      if (error instanceof NonFiniteError) error.history = history;
      if (!(await isLost(current.gpu, error))) throw error;
      attempt.catch(() => undefined); // it fails as soon as it needs the device
      losses = reported > before ? 1 : losses + 1;
      before = reported;
      if (losses === lossesInARow) throw error;
      engine = await openAgain(() => reopen(state.snapshot), error, current);
      // Rejects the calls that were waiting on the lost device.
      current.interludes.run();
    }
  }
}

/**
 * After the last epoch: runs the calls that arrived during it and waits for the device. A lost device doesn't answer, even before its loss
 * is reported.
 *
 * @throws DeviceLostError
 */
async function requireAlive({ gpu, memory, steps, interludes }: Engine): Promise<void> {
  await interludes.run();
  await readSlices(gpu, memory, [steps.training.state]);
  gpu.failure.throwIfAborted();
}

/** True if the device was lost other than through `gpu.dispose()`. */
async function isLost(gpu: Gpu, error: unknown): Promise<boolean> {
  if (!(error instanceof DeviceLostError) || gpu.disposed) return false;
  return withinTime(
    gpu.lost.then(() => !gpu.disposed),
    pause,
    () => error,
  ).catch(() => false);
}

/** @throws the DeviceLostError if no device opens, or if it belongs to another adapter, whose results would not be bit-identical. */
async function openAgain(reopen: () => Promise<Engine>, loss: unknown, { gpu, disposal }: Engine): Promise<Engine> {
  for (let tries = 1; ; tries++) {
    try {
      const engine = await reopen();
      if (!isSame(engine.gpu.adapter, gpu.adapter)) throw loss;
      return engine;
    } catch (error) {
      if (error === loss || tries === lossesInARow) throw loss;
      disposal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

const isSame = (a: AdapterFacts, b: AdapterFacts) =>
  (['vendor', 'architecture', 'device', 'description', 'software'] as const).every((name) => a[name] === b[name]);
