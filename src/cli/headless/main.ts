import { fetchDatasets, type TrainAndTest } from '../../data/served.ts';
import { WgradError } from '../../errors.ts';
import { createTrainer, type Gpu, openGpu, type Trainer } from '../../index.ts';
import type { Outcome, PageError, Told } from './protocol.ts';
import { drawSheet } from './sheet.ts';

let gpu: Gpu;
let datasets: TrainAndTest;
let trainer: Trainer;
const stopping = new AbortController();

window.wgrad = {
  open: (adapter) =>
    outcome(async () => {
      gpu = await openGpu({ adapter });
      return gpu.adapter;
    }),
  prepare: (run) =>
    outcome(async () => {
      datasets = await fetchDatasets('run');
      trainer = createTrainer(gpu, run);
      return trainer.summary();
    }),
  fit: (epochs) =>
    outcome(async () => {
      const news = new News();
      try {
        const { stopped, skippedSteps } = await trainer.fit(datasets.train, {
          epochs,
          validationData: datasets.test,
          signal: stopping.signal,
          onStep: (step, { epochSteps }) => news.add({ step, epochSteps, at: performance.now() }),
          onEpoch: (epoch) => news.add({ epoch }),
        });
        return { stopped, skippedSteps, startup: trainer.startup };
      } finally {
        await news.sent();
      }
    }),
  sheet: (order) => outcome(async () => drawSheet(gpu, (await fetchDatasets('run')).train, order)),
  profile: (steps) => outcome(() => trainer.profile(datasets.train, { steps })),
  stop: () => stopping.abort(),
};

/** A call to the command costs about a millisecond, more than a step of a fast GPU: news travel together. */
class News {
  private waiting: Told[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> = Promise.resolve();

  add(item: Told): void {
    this.waiting.push(item);
    this.timer ??= setTimeout(() => this.send(), 100);
  }

  sent(): Promise<void> {
    this.send();
    return this.sending;
  }

  private send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const news = this.waiting;
    this.waiting = [];
    this.sending = this.sending.then(() => window.wgradTell(news));
  }
}

async function outcome<Value>(work: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: describe(error) };
  }
}

function describe(error: unknown): PageError {
  if (error instanceof WgradError) return { parts: error.parts, exitCode: error.exitCode };
  return { stack: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
