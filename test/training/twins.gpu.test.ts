import { describe, expect, test } from 'vitest';
import type { PairOptions, PairState, TwinActivations } from '../../src/compare/pair_options.ts';
import { trainPair } from '../../src/compare/twins.ts';
import { ConfigurationError, createPace, createTrainer, type TrainerOptions, takeFirst } from '../../src/index.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, exactRescale, smallClasses, smallDataset, smallModel } from './small.ts';

// Six steps per epoch, the last one short.
const datasets = { train: smallDataset(22), test: smallDataset(9, 2) };
const plain: TrainerOptions = { model: smallModel, batchSize: 4, augmentation: { rescale: exactRescale } };
const turned: TrainerOptions = { ...plain, augmentation: { rotationRange: 20, rescale: exactRescale } };
const pair: PairOptions = { vary: 'augmentation', a: plain, b: turned, seed: 5, epochs: 2 };

/** Also distinguishes NaN from null, and 0 from -0. */
const bits = (value: unknown) =>
  JSON.stringify(value, (_, it) => (typeof it === 'number' ? (Object.is(it, -0) ? '-0' : String(it)) : it));

test('a pair is a function of its configuration, bit for bit', async () => {
  const first = await trainPair(gpu, datasets, pair);
  expect(first!.a.epochs).toHaveLength(2);
  expect(bits(await trainPair(gpu, datasets, pair))).toBe(bits(first));
  expect(bits(await trainPair(gpu, datasets, { ...pair, seed: 6 }))).not.toBe(bits(first));
  const swapped = await trainPair(gpu, datasets, { ...pair, a: turned, b: plain });
  expect(bits(swapped!.a)).toBe(bits(first!.b));
  expect(bits(swapped!.b)).toBe(bits(first!.a));
});

test("each twin's figures are those of a separate run, with all epochs in one fit", async () => {
  const record = await trainPair(gpu, datasets, pair);
  for (const [options, twin] of [
    [plain, record!.a],
    [turned, record!.b],
  ] as const) {
    const trainer = createTrainer(gpu, { ...options, seed: 5 });
    const { epochs } = await trainer.fit(datasets.train, { epochs: 2, validationData: datasets.test });
    for (const [i, epoch] of epochs.entries()) {
      const { loss, accuracy, validationLoss, validationAccuracy, layers } = twin.epochs[i]!;
      expect({ loss, accuracy, validationLoss, validationAccuracy }).toEqual({
        loss: epoch.loss,
        accuracy: epoch.accuracy,
        validationLoss: epoch.validationLoss,
        validationAccuracy: epoch.validationAccuracy,
      });
      for (const [name, { mean }] of Object.entries(epoch.gradientNorms)) {
        expect(layers[name]!.gradientNorm).toBeCloseTo(mean, 12);
      }
    }
    trainer.dispose();
  }
});

test('with options of fit, each twin behaves like a separate run: one stops early, and the other continues', async () => {
  const fit = {
    earlyStopping: { monitor: 'validationF1Score', patience: 1, minDelta: 1, restoreBestWeights: true },
    reduceLrOnPlateau: { patience: 1, minDelta: 10 },
    classWeight: 'balanced',
    validationFreq: [1, 3, 4],
  } as const;
  const measured = { ...pair, a: { ...plain, metrics: ['f1Score'] }, b: { ...turned, metrics: ['f1Score'] } } as const;
  const record = await trainPair(gpu, datasets, { ...measured, epochs: 5, fit });
  for (const which of ['a', 'b'] as const) {
    const trainer = createTrainer(gpu, { ...measured[which], seed: 5 });
    const { epochs, stoppedEarly } = await trainer.fit(datasets.train, {
      ...{ epochs: 5, validationData: datasets.test },
      ...fit,
    });
    const twin = record![which];
    expect(twin.epochs).toHaveLength(epochs.length);
    for (const [i, { loss, validationLoss, validationF1Score }] of epochs.entries()) {
      expect(twin.epochs[i]).toMatchObject({ loss, ...(validationLoss !== undefined && { validationLoss }) });
      expect(twin.epochs[i]!.metrics).toEqual(
        validationLoss === undefined ? undefined : { f1Score: validationF1Score },
      );
    }
    expect(stoppedEarly).toMatchObject({ epoch: 3, bestEpoch: 1 });
    expect(twin.stoppedEarly).toEqual({ epoch: 3, monitor: 'validationF1Score' });
    expect(twin.finalEpoch).toBe(1);
    trainer.dispose();
  }
});

test('a pair continues from its state after an epoch, with bit-identical results', async () => {
  const long: PairOptions = {
    ...{ ...pair, epochs: 3, seed: 7 },
    fit: { earlyStopping: { patience: 2, restoreBestWeights: true }, reduceLrOnPlateau: { patience: 1, minDelta: 10 } },
  };
  const states: PairState[] = [];
  const keep = async (take: () => Promise<PairState>) => {
    states.push(structuredClone(await take()));
  };
  const whole = await trainPair(gpu, datasets, { ...long, onState: keep });
  expect(states.map(({ epoch }) => epoch)).toEqual([1, 2]);
  expect(bits(await trainPair(gpu, datasets, long))).toBe(bits(whole));
  for (const state of states) {
    const steps: number[] = [];
    const onStep: PairOptions['onStep'] = (twin, { step }) => {
      if (twin === 'a') steps.push(step);
    };
    expect(bits(await trainPair(gpu, datasets, { ...long, state, onStep }))).toBe(bits(whole));
    expect(steps[0]).toBe(6 * state.epoch + 1);
  }
});

test('twins of a regression have the mean absolute error in the place of accuracy', async () => {
  const layers = [{ type: 'flatten' }, { type: 'dense', units: smallClasses }] as const;
  const numbers: TrainerOptions = {
    ...{ ...plain, model: { ...smallModel, layers: [...layers] } },
    loss: 'meanSquaredError',
  };
  const record = await trainPair(gpu, datasets, {
    ...{ ...pair, vary: 'learning-rate', epochs: 1 },
    a: { ...numbers, optimizer: { type: 'sgd', learningRate: 0.01 } },
    b: { ...numbers, optimizer: { type: 'sgd', learningRate: 0.02 } },
  });
  const [epoch] = record!.a.epochs;
  expect(epoch).not.toHaveProperty('accuracy');
  const { meanAbsoluteError, plainMeanAbsoluteError, validationMeanAbsoluteError, validationLoss } = epoch!;
  for (const error of [meanAbsoluteError, plainMeanAbsoluteError, validationMeanAbsoluteError, validationLoss]) {
    expect(error).toBeGreaterThan(0);
  }
});

test('the gradients on a data set are those on its batches, the last one short', async () => {
  const trainer = createTrainer(gpu, { ...turned, seed: 5 });
  await trainer.fit(datasets.train, { epochs: 1 });
  const batches = await trainer.datasetGradients(datasets.test);
  expect(batches).toHaveLength(3);
  for (const [i, batch] of batches.entries()) {
    const { gradients } = await trainer.gradients(...batchOf(datasets.test, 4 * i, 4));
    expect(gradients.some((tensor) => tensor.some((value) => value !== 0))).toBe(true);
    expect(batch).toEqual(gradients);
  }
  const augmented = await trainer.datasetGradients(datasets.test, { augmented: true });
  expect(augmented).toHaveLength(3);
  expect(augmented).not.toEqual(batches);
  trainer.dispose();
});

test('neither twin begins a step before both have finished the previous round', async () => {
  const order: string[] = [];
  await trainPair(gpu, datasets, { ...pair, onStep: (twin, { step }) => order.push(`${twin}${step}`) });
  expect(order.toSorted()).toEqual(
    ['a', 'b'].flatMap((twin) => Array.from({ length: 12 }, (_, i) => `${twin}${i + 1}`)).toSorted(),
  );
  // The first round of an epoch is one step; each round runs the same number of steps for both.
  for (const [first, last] of [
    [0, 2],
    [12, 14],
  ] as const) {
    const epoch = first === 0 ? 1 : 7;
    expect(order.slice(first, last).toSorted()).toEqual([`a${epoch}`, `b${epoch}`]);
  }
});

test('if nothing is learned, the twins stay equal: their gradients have a cosine of 1', async () => {
  const [still, nearly] = [0, 1e-30].map((learningRate) => ({
    ...turned,
    optimizer: { type: 'sgd' as const, learningRate },
  })) as [TrainerOptions, TrainerOptions];
  const record = await trainPair(gpu, datasets, { ...pair, vary: 'learning-rate', a: still, b: nearly });
  expect(bits(record!.a.epochs)).toBe(bits(record!.b.epochs));
  for (const { whole, layers } of record!.cosines) {
    for (const cosine of [whole, ...Object.values(layers)]) expect(cosine).toBeCloseTo(1, 12);
  }
  expect(Object.keys(record!.cosines[0]!.layers)).toEqual(['conv2d', 'conv2d_1', 'dense', 'dense_1']);
});

test('a twin whose numbers stop being finite ends there, and the other continues as if it were alone', async () => {
  const alone = await trainPair(gpu, datasets, pair);
  const rates = {
    a: { ...plain, optimizer: { type: 'adam' as const } },
    b: { ...plain, optimizer: { type: 'adam' as const, learningRate: 1e30 } },
  };
  const record = await trainPair(gpu, datasets, { ...pair, vary: 'learning-rate', ...rates });
  expect(record!.b.broke).toMatchObject({ epoch: 1, layer: expect.any(String), pass: expect.any(String) });
  expect(record!.b.epochs).toEqual([]);
  expect(record!.cosines).toEqual([]);
  expect(bits(record!.a)).toBe(bits(alone!.a));
});

test('an aborted pair returns undefined and does not affect the next one', async () => {
  const stop = new AbortController();
  const onStep = (_: string, { step }: { step: number }) => step === 3 && stop.abort();
  expect(await trainPair(gpu, datasets, { ...pair, signal: stop.signal, onStep })).toBeUndefined();
  expect(bits(await trainPair(gpu, datasets, pair))).toBe(bits(await trainPair(gpu, datasets, pair)));
});

test('a pace holds both, lets as many steps of both through, over the end of an epoch too, and changes nothing', async () => {
  const undisturbed = await trainPair(gpu, datasets, pair);
  const pace = createPace({ paused: true });
  const steps = { a: 0, b: 0 };
  let tell = () => {};
  const isHeld = () =>
    new Promise<void>((resolve) => {
      tell = resolve;
    });
  let held = isHeld();
  const begun: { a: number; b: number }[] = [];
  const first = takeFirst(datasets.test, 1);
  let ask: TwinActivations | undefined;
  const outputOf = async (activations: TwinActivations) => (await activations('b', first)).at(-1)!.values;
  let last: Float32Array | undefined;
  const trained = trainPair(gpu, datasets, {
    ...pair,
    pace,
    onBegin: (bytes, activations) => {
      begun.push(bytes);
      ask = activations;
    },
    onStep: (twin) => steps[twin]++,
    onPause: () => tell(),
    onTrained: async (activations) => {
      last = await outputOf(activations);
    },
  });
  await held;
  expect(steps).toEqual({ a: 0, b: 0 });
  expect(begun).toHaveLength(1);
  expect(begun[0]!.a).toBe(begun[0]!.b);
  expect(begun[0]!.a).toBeGreaterThan(1000);
  // Six steps per epoch.
  for (const [count, expected] of [
    [1, 1],
    [1, 2],
    [6, 8],
  ] as const) {
    held = isHeld();
    pace.step(count);
    await held;
    expect(steps).toEqual({ a: expected, b: expected });
  }
  // The layers' outputs can be asked for during the run and at its end, and change nothing; afterwards there are no networks.
  const midway = await outputOf(ask!);
  pace.resume();
  expect(bits(await trained)).toBe(bits(undisturbed));
  expect(last).toHaveLength(midway.length);
  expect(last).not.toEqual(midway);
  await expect(outputOf(ask!)).rejects.toThrow();
  expect(begun).toHaveLength(1);
});

test('twins that are on hold can be stopped', async () => {
  const stop = new AbortController();
  const pace = createPace({ paused: true });
  expect(
    await trainPair(gpu, datasets, { ...pair, pace, signal: stop.signal, onPause: () => stop.abort() }),
  ).toBeUndefined();
});

test('each twin reports its verdicts, its probes and an early end', async () => {
  const rates = {
    a: { ...plain, health: 'full' as const, probeEvery: 4, optimizer: { type: 'adam' as const } },
    b: { ...plain, health: 'full' as const, probeEvery: 4, optimizer: { type: 'adam' as const, learningRate: 1e30 } },
  };
  const probed = { a: [] as number[], b: [] as number[] };
  const told = { a: [] as unknown[], b: [] as unknown[] };
  const broke: unknown[] = [];
  const record = await trainPair(gpu, datasets, {
    ...pair,
    vary: 'learning-rate',
    ...rates,
    onProbe: (twin, { step }) => probed[twin].push(step),
    onVerdict: (twin, verdict) => told[twin].push(verdict),
    onBreak: (...end) => broke.push(end),
  });
  expect(probed.a).toEqual([1, 5, 9]); // Counted over the whole run, as in a single run.
  expect(probed.b[0]).toBe(1);
  expect(told).toEqual({ a: record!.a.verdicts, b: record!.b.verdicts });
  expect(told.b.length).toBeGreaterThan(0);
  expect(broke).toEqual([['b', record!.b.broke]]);
});

describe('invalid twins', () => {
  test.each<[string, Partial<PairOptions>, RegExp]>([
    ['two differences', { b: { ...turned, batchSize: 8 } }, /more than the augmentation.*batch size: 4 and 8/s],
    ['another optimizer', { b: { ...turned, optimizer: 'sgd' } }, /more than the augmentation.*learning rate/s],
    ['another seed', { b: { ...turned, seed: 9 } }, /more than the augmentation.*seed/s],
    ['the same', { b: plain }, /neither in the augmentation/],
    [
      'no data for the model',
      { a: { ...plain, model: { ...smallModel, inputShape: [8, 8, 1] } } },
      /don't have the model's input shape/,
    ],
  ])('%s', async (_, options, words) => {
    const trained = trainPair(gpu, datasets, { ...pair, ...options });
    await expect(trained).rejects.toBeInstanceOf(ConfigurationError);
    await expect(trained).rejects.toThrow(words);
  });
});
