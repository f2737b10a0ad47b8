import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { serveTrainer, trainInWorker, type WorkerTrainer } from '../../src/api/worker/index.ts';
import {
  ConfigurationError,
  createDataset,
  createPace,
  createTrainer,
  DeviceLostError,
  type EpochRecord,
  NonFiniteError,
  openGpu,
  type Snapshot,
  type StepRecord,
} from '../../src/index.ts';
import { batchOf, exactRescale, smallClasses, smallDataset, smallModel } from '../training/small.ts';

const dataset = smallDataset(22);
const validationData = smallDataset(9, 2);
/** Uses an augmentation, whose code the worker has to fetch. */
const options = {
  model: smallModel,
  batchSize: 4,
  seed: 3,
  augmentation: { rotationRange: 20, rescale: exactRescale },
};
const ownScript = () =>
  new Worker(new URL('../../src/api/worker/trainer.worker.ts', import.meta.url), { type: 'module' });

const trainers: WorkerTrainer[] = [];
async function remote(...args: [object?, object?]): Promise<WorkerTrainer> {
  const trainer = await trainInWorker({ ...options, ...args[0] }, args[1]);
  trainers.push(trainer);
  return trainer;
}
afterEach(() => {
  for (const trainer of trainers.splice(0)) trainer.dispose();
});

const asked = vi.spyOn(navigator.gpu, 'requestAdapter');
const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error) => error,
  );
const withoutTimes = ({ epochs, steps, ...history }: { epochs: EpochRecord[]; steps: StepRecord[] }) => ({
  ...history,
  steps,
  epochs: epochs.map(({ seconds: _, imagesPerSecond: __, ...record }) => record),
});

test('the same seed gives the same bits, events and results as on this thread, which is not involved', async () => {
  const steps: StepRecord[] = [];
  const epochs: EpochRecord[] = [];
  const states: Snapshot[] = [];
  const fit = {
    epochs: 2,
    validationData,
    onStep: (record: StepRecord) => void steps.push(record),
    onEpoch: (record: EpochRecord) => void epochs.push(record),
    onCheckpoint: async (state: Snapshot) => void states.push(state),
  };
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: 12, height: 12 });
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#fff';
  context.fillRect(2, 3, 7, 5);
  const pixels = context.getImageData(0, 0, 12, 12);
  const answers = async (
    trainer: Pick<
      WorkerTrainer,
      | 'fit'
      | 'predict'
      | 'evaluate'
      | 'getWeights'
      | 'summary'
      | 'activations'
      | 'classNames'
      | 'pictures'
      | 'model'
      | 'meanwhile'
    >,
  ) => {
    const history = trainer.fit(dataset, fit);
    // Calls keep their order, although sending a canvas takes time.
    const [first, evaluation, floats] = [
      trainer.predict(canvas, { top: 2 }),
      trainer.evaluate(validationData, { metrics: ['f1Score'] }),
      trainer.predict(batchOf(dataset, 0, 3)[0]),
    ];
    return {
      history: withoutTimes(await history),
      ...{ first: await first, evaluation: await evaluation, floats: await floats },
      list: await trainer.predict([pixels, canvas]),
      meanwhile: await trainer.meanwhile.predict(pixels, { top: 1 }),
      weights: await trainer.getWeights(),
      activations: await trainer.activations(validationData),
      ...{
        summary: trainer.summary(),
        classNames: trainer.classNames,
        pictures: trainer.pictures,
        model: trainer.model,
      },
    };
  };
  const there = await answers(await remote());
  expect(asked).not.toHaveBeenCalled();
  expect(steps).toHaveLength(12);
  expect(epochs.map(({ epoch, validationLoss }) => [epoch, validationLoss! > 0])).toEqual([
    [1, true],
    [2, true],
  ]);
  const told = { steps: steps.splice(0), epochs: epochs.splice(0), states: states.splice(0) };

  const gpu = await openGpu();
  afterAll(() => gpu.dispose());
  const here = await answers(createTrainer(gpu, options));
  expect(there).toEqual(here);
  expect(told.steps).toEqual(steps);
  expect(withoutTimes({ ...told, steps: [] }).epochs).toEqual(withoutTimes({ epochs, steps: [] }).epochs);
  expect(told.states).toEqual(states);
  expect(there.first).toHaveLength(2);
});

test('save, load, clone: one continues from the other', async () => {
  const trainer = await remote();
  await trainer.fit(dataset, { epochs: 1 });
  const saved = await trainer.save();
  const [loaded, copy] = [await trainInWorker({}, { from: saved }), await trainer.clone()];
  trainers.push(loaded, copy);
  const next = await Promise.all([trainer, loaded, copy].map((one) => one.trainOnBatch(...batchOf(dataset, 0, 4))));
  expect(next[1]).toEqual(next[0]);
  expect(next[2]).toEqual(next[0]);
  expect(loaded.classNames).toEqual(['top', 'middle', 'bottom']);
  // The copy outlives the original.
  trainer.dispose();
  expect(await copy.getWeights()).toEqual(await loaded.getWeights());
  expect(await errorOf(trainer.getWeights())).toMatchObject({ parts: { what: 'The trainer has been disposed' } });
});

test('errors keep their class and parts', async () => {
  expect(await errorOf(remote({ batchSize: 0 }))).toMatchObject({
    exitCode: 2,
    parts: { what: 'batchSize: it is invalid' },
  });
  const trainer = await remote();
  const misspelt = await errorOf(trainer.fit(dataset, { epoch: 3 } as never));
  expect(misspelt).toBeInstanceOf(ConfigurationError);
  expect(misspelt.parts).toMatchObject({ what: 'fit has no option epoch', fix: 'did you mean "epochs"?' });
  const unsendable = await errorOf(trainer.fit(dataset, { onStart: () => undefined } as never));
  expect(unsendable).toBeInstanceOf(ConfigurationError);
  const weights = await trainer.getWeights();
  weights[0]!.fill(Number.NaN);
  await trainer.setWeights(weights);
  const { images: _, ...parts } = dataset;
  const streamed = createDataset({ ...parts, source: { kind: 'files', read: async () => dataset.images } });
  const unread = await errorOf(trainer.fit(streamed, { epochs: 1 }));
  expect(unread).toBeInstanceOf(ConfigurationError);
  expect(unread.message).toContain('a source cannot be sent to a worker');
  const bad = await errorOf(trainer.fit(dataset, { epochs: 2 }));
  expect(bad).toBeInstanceOf(NonFiniteError);
  expect(bad).toBeInstanceOf(Error);
  expect(bad).toMatchObject({ name: 'NonFiniteError', layer: 'conv2d', pass: 'forward', step: 3 });
  expect(bad.history.skippedSteps).toBe(3);
});

test('a signal, a callback that throws, and a pace', async () => {
  const trainer = await remote();
  const stop = new AbortController();
  const stopped = await trainer.fit(dataset, { epochs: 1000, signal: stop.signal, onEpoch: () => stop.abort() });
  expect(stopped.stopped).toBe(true);
  const thrown = new Error('of the callback');
  const onStep = () => {
    throw thrown;
  };
  expect(await errorOf(trainer.fit(dataset, { epochs: 1000, onStep }))).toBe(thrown);
  const onCheckpoint = () => Promise.reject(thrown);
  expect(await errorOf(trainer.fit(dataset, { epochs: 1000, onCheckpoint }))).toBe(thrown);

  const pace = createPace({ paused: true });
  const steps: number[] = [];
  let pauses = 0;
  const run = trainer.fit(dataset, {
    epochs: 1,
    pace,
    onStep: ({ step }) => void steps.push(step),
    onPause: () => {
      expect(steps).toHaveLength([0, 2, 3][pauses]!);
      expect(pace.paused).toBe(true);
      pauses++;
      if (pauses === 3) pace.resume();
      else pace.step(3 - pauses);
    },
  });
  expect((await run).steps).toHaveLength(6);
  expect(pauses).toBe(3);
});

test('every wait ends', async () => {
  const worker = ownScript();
  const trainer = await remote({}, { worker });
  const run = errorOf(
    trainer.fit(dataset, {
      epochs: 1e6,
      onStep: ({ step }) => {
        if (step === 3) worker.terminate();
      },
    }),
  );
  const waiting = errorOf(trainer.getWeights());
  for (const error of [await run, await waiting, await errorOf(trainer.predict(validationData))]) {
    expect(error).toBeInstanceOf(DeviceLostError);
    expect(error.parts.what).toBe('The worker of the trainer has ended, and its GPU device with it');
  }

  const missing = new Worker('/no-such-script.js', { type: 'module' });
  expect(await errorOf(remote({}, { worker: missing }))).toMatchObject({ exitCode: 3 });
  const silent = new Worker(URL.createObjectURL(new Blob([''])));
  expect(await errorOf(remote({}, { worker: silent, timeout: 50 }))).toMatchObject({
    parts: { what: 'The worker of the trainer did not answer within 0.05 seconds' },
  });
  silent.terminate();

  const disposed = await remote();
  const open = errorOf(disposed.fit(dataset, { epochs: 1e6 }));
  disposed.dispose();
  expect(await open).toMatchObject({ parts: { what: 'The trainer has been disposed' } });
});

test('a worker of your own serves trainers, and is left running', async () => {
  expect(serveTrainer).toBeTypeOf('function');
  const worker = ownScript();
  for (let i = 0; i < 2; i++) {
    const trainer = await remote({}, { worker, gpu: { adapter: 'auto' } });
    expect(await trainer.predict(validationData)).toHaveLength(9 * smallClasses);
    expect(trainer.adapter.vendor).toBeTypeOf('string');
    trainer.dispose();
  }
  worker.terminate();
});

test('a worker of your own without WebGPU says so once, and leaves nothing unhandled', async () => {
  const script = new URL('../../src/api/worker/trainer.worker.ts', import.meta.url).href;
  // Vitest rewrites dynamic imports in the page that it runs, which does not include this worker.
  const source = `
    globalThis.__vitest_browser_runner__ = { wrapDynamicImport: (load) => load() };
    Object.defineProperty(navigator, 'gpu', { value: undefined });
    const unhandled = [];
    addEventListener('unhandledrejection', ({ reason }) => unhandled.push(String(reason)));
    addEventListener('message', ({ data }) => data === 'unhandled' && postMessage(unhandled));
    import(${JSON.stringify(script)}).then(() => postMessage('loaded'));`;
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), { type: 'module' });
  const answer = () =>
    new Promise((resolve) => worker.addEventListener('message', ({ data }) => resolve(data), { once: true }));
  expect(await answer()).toBe('loaded');
  expect(await errorOf(remote({}, { worker }))).toMatchObject({ parts: { what: expect.stringContaining('WebGPU') } });
  // The worker has been notified that the page is done; its own requests come after that.
  await errorOf(remote({}, { worker }));
  worker.postMessage('unhandled');
  expect(await answer()).toEqual([]);
  worker.terminate();
});
