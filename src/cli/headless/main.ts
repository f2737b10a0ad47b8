import type { PairState } from '../../compare/pair_options.ts';
import { requireTwins, type TwinOptions } from '../../compare/twin_options.ts';
import { fetchFile, type TrainAndTest } from '../../data/served_datasets.ts';
import { type Gpu, loadTrainer, modelSummary, openGpu, parseRun, selfTest, type Trainer, tune } from '../../index.ts';
import { packNumbers, unpackNumbers } from '../../json_numbers.ts';
import { compileModel } from '../../model/graph.ts';
import { transferWeights } from '../../model/transfer.ts';
import { type PairEvent, trainPairs } from '../../session/pairs.ts';
import { TrainingRun } from '../../session/training_run.ts';
import { fillTrainerOptions } from '../../train/fill_trainer_options.ts';
import { variantWarnings } from '../../train/plan_engine.ts';
import { type PackedSnapshot, packSnapshot, unpackSnapshot } from '../packed_snapshot.ts';
import { modelFile, pairFile, stateFile } from './model_files.ts';
import { outcome } from './outcome.ts';
import { decodeServed } from './pictures.ts';
import { predictServed } from './predict.ts';
import type { SelfTestProgress, ServedState, TwinEvent } from './protocol.ts';
import { fetchServed } from './served_pictures.ts';
import { drawSheet } from './sheet.ts';

let gpu: Gpu;
let datasets: TrainAndTest;
let run: TrainingRun;
let model: Trainer;
let twins: TwinOptions;
/** The state from which `fit` continues. */
let before: ServedState['from'] | undefined;
const stopping = new AbortController();

window.wgrad = {
  open: (adapter, timeout, tensorCores) =>
    outcome(async () => {
      // The command tunes before it creates a trainer, and records the chosen variants.
      gpu = await openGpu({ adapter, timeout, tuning: 'off', tensorCores });
      return gpu.adapter;
    }),
  decodePictures: (...order) => outcome(() => decodeServed(...order)),
  prepare: (options) =>
    outcome(async () => {
      datasets = await fetchServed();
      // A command may train several networks in turn.
      run?.trainer.dispose();
      before = undefined;
      run = new TrainingRun(gpu, options, datasets);
      return run.trainer.summary();
    }),
  restore: () =>
    outcome(async () => {
      const served: ServedState = JSON.parse(new TextDecoder().decode(await fetchFile(stateFile)));
      await run.restore(unpackSnapshot(served.state));
      before = unpackNumbers(served.from);
    }),
  fit: ({ fit, ...order }) =>
    outcome(() =>
      run.fit(
        { ...before, ...order, ...fit, signal: stopping.signal },
        {
          events: (events) => window.wgradEvents(packNumbers(events)),
          ...(order.keep && { state: (state, reason) => window.wgradKeep(packSnapshot(state), reason) }),
        },
      ),
    ),
  snapshot: () => outcome(async () => packSnapshot(await run.trainer.snapshot())),
  evaluate: (options) => outcome(async () => packNumbers(await run.trainer.evaluate(datasets.test, options))),
  prepareTwins: (run) =>
    outcome(async () => {
      datasets = await fetchServed();
      requireTwins(run, datasets);
      twins = run;
      return { a: modelSummary(run.a.model), b: modelSummary(run.b.model) };
    }),
  trainPair: ({ seed, epochs, continues }) =>
    outcome(async () => {
      const served: PackedSnapshot | undefined =
        continues && JSON.parse(new TextDecoder().decode(await fetchFile(pairFile)));
      const [pair] = await trainPairs(
        gpu,
        datasets,
        { ...twins, seeds: [seed], epochs, ...(served && { state: unpackSnapshot<PairState>(served) }) },
        {
          signal: stopping.signal,
          events: (events) => window.wgradEvents(packNumbers(stepsOf(events, epochs))),
          state: (state) => window.wgradKeepPair(packSnapshot(state)),
        },
      );
      return pair && packNumbers(pair);
    }),
  openModel: () =>
    outcome(async () => {
      model = await loadTrainer(gpu, await fetchFile(modelFile));
      return model.summary();
    }),
  takeWeights: () =>
    outcome(async () => {
      const { options, snapshot } = parseRun(await fetchFile(modelFile), 'the model');
      const from = { model: compileModel(options.model), weights: snapshot.weights };
      const { weights, ...layers } = transferWeights(from, run.trainer.model, run.trainer.options.seed ?? 0);
      await run.trainer.setWeights(weights);
      return layers;
    }),
  predict: (order, top) => outcome(() => predictServed(model, order, top)),
  evaluateModel: (options) =>
    outcome(async () => packNumbers(await model.evaluate((await fetchServed()).test, options))),
  sheet: (order) => outcome(async () => drawSheet(gpu, (await fetchServed()).train, order)),
  tune: ({ trainer, mode, cache }) =>
    outcome(async () => {
      if (mode === 'auto' && !gpu.timestamps) return undefined;
      const onProgress = (cache: string) => void window.wgradKeepTuning(cache);
      return tune(gpu, trainer, { mode, onProgress, signal: stopping.signal, ...(cache !== undefined && { cache }) });
    }),
  timeKernel: ({ network, choice, rounds }) =>
    outcome(async () => (await import('../../selftest/time_kernel.ts')).timeKernel(gpu, network, choice, rounds)),
  changedShader: (change) =>
    outcome(async () => (await import('../../selftest/changed_shader.ts')).changedShader(gpu, change)),
  variantWarnings: (options) => outcome(() => variantWarnings(gpu, fillTrainerOptions(options))),
  profile: (options) => outcome(() => run.trainer.profile(datasets.train, options)),
  findLearningRate: (options) =>
    outcome(() => run.trainer.findLearningRate(datasets.train, { ...options, signal: stopping.signal })),
  selfTest: ({ only, ...gpu }) =>
    outcome(() =>
      selfTest({
        gpu,
        ...(only !== undefined && { only }),
        onCheck: (_, done, total) => window.wgradEvents([{ done, total } satisfies SelfTestProgress]),
      }),
    ),
  stop: () => stopping.abort(),
};

/** The steps among a pair's events, for the command's progress bar; the figures are sent with the pair. */
const stepsOf = (events: readonly PairEvent[], epochs: number): TwinEvent[] =>
  events.flatMap((event) => {
    if (!('event' in event && 'step' in event.event)) return [];
    const { step, epochSteps } = event.event;
    return { twin: event.twin, step: step.step, steps: epochSteps * epochs, epoch: step.epoch, loss: step.loss };
  });
