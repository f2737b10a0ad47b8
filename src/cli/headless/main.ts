import { requireTwins, type TwinOptions } from '../../compare/twin_options.ts';
import { trainPair } from '../../compare/twins.ts';
import { fetchDatasets, type TrainAndTest } from '../../data/served_datasets.ts';
import { EventBundler } from '../../health/run_events.ts';
import { createTrainer, type Gpu, modelSummary, openGpu, type Trainer } from '../../index.ts';
import { packNumbers } from '../../json_numbers.ts';
import { KeptStates, packSnapshot } from './kept_states.ts';
import { outcome } from './outcome.ts';
import { readServedPictures } from './pictures.ts';
import type { TwinEvent } from './protocol.ts';
import { drawSheet } from './sheet.ts';

let gpu: Gpu;
let datasets: TrainAndTest;
let trainer: Trainer;
let twins: TwinOptions;
const stopping = new AbortController();

window.wgrad = {
  open: (adapter, timeout) =>
    outcome(async () => {
      gpu = await openGpu({ adapter, timeout });
      return gpu.adapter;
    }),
  readPictures: (...order) => outcome(() => readServedPictures(...order)),
  prepare: (run) =>
    outcome(async () => {
      datasets = await fetchDatasets('run');
      trainer = createTrainer(gpu, run);
      return trainer.summary();
    }),
  fit: (epochs, keepStates) =>
    outcome(async () => {
      const events = new EventBundler((told) => window.wgradEvents(packNumbers(told)));
      const states = new KeptStates(async (state) => {
        await events.sent();
        await window.wgradKeep(state);
      });
      try {
        const { stopped, skippedSteps } = await trainer.fit(datasets.train, {
          epochs,
          ...(datasets.test.count > 0 && { validationData: datasets.test }),
          keepHealth: false,
          signal: stopping.signal,
          onStep: (step, { epochSteps }) => events.add({ step, epochSteps, at: performance.now() }),
          onEpoch: (epoch) => {
            events.add({ epoch });
            if (keepStates) states.add(trainer.meanwhile.snapshot());
          },
          onVerdict: (verdict) => events.add({ verdict }),
          onProbe: (probe) => events.add({ probe }),
        });
        return { stopped, skippedSteps, startup: trainer.startup };
      } finally {
        await states.sent();
        await events.sent();
      }
    }),
  snapshot: () => outcome(async () => packSnapshot(await trainer.snapshot())),
  prepareTwins: (run) =>
    outcome(async () => {
      datasets = await fetchDatasets('run');
      requireTwins(run, datasets);
      twins = run;
      return { a: modelSummary(run.a.model), b: modelSummary(run.b.model) };
    }),
  trainPair: (seed, epochs) =>
    outcome(async () => {
      const events = new EventBundler<TwinEvent>((told) => window.wgradEvents(packNumbers(told)));
      try {
        const pair = await trainPair(gpu, datasets, {
          ...twins,
          seed,
          epochs,
          signal: stopping.signal,
          onStep: (twin, { step, epoch, loss }, { epochSteps, epochs }) =>
            events.add({ twin, step, steps: epochSteps * epochs, epoch, loss }),
        });
        return pair && packNumbers(pair);
      } finally {
        await events.sent();
      }
    }),
  sheet: (order) => outcome(async () => drawSheet(gpu, (await fetchDatasets('run')).train, order)),
  profile: (steps) => outcome(() => trainer.profile(datasets.train, { steps })),
  stop: () => stopping.abort(),
};
