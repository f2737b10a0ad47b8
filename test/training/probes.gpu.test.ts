import { describe, expect, test, vi } from 'vitest';
import { sharesOf } from '../../src/health/noise.ts';
import { createDataset, createTrainer, type Dataset, type ProbeRecord, type TrainerOptions } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { shuffledOrder } from '../../src/model/initializers.ts';
import { fillOptimizer, momentumOf } from '../../src/model/optimizer.ts';
import { networkProbe } from '../../src/reference/probe_network.ts';
import { exponentHistogram } from '../../src/reference/probes.ts';
import { trainSteps } from '../../src/reference/train.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { boundsOf } from '../../src/selftest/sensitivity.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { torchSamples } from '../fixtures/torch_samples.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, exactRescale, smallDataset, smallModel } from './small.ts';

type Numbers = ArrayLike<number>;

/** Classes in rotation, so that every part of the data contains all of them. */
const inTurn = (dataset: Dataset): Dataset => ({ ...dataset, labels: dataset.labels.map((_, i) => i % 3) });

const names = (model: { layers: readonly { name: string; parameters: number }[] }) =>
  model.layers.filter(({ parameters }) => parameters > 0).map(({ name }) => name);

async function probesOf(options: TrainerOptions, dataset: Dataset, epochs = 1, weights?: readonly Numbers[]) {
  const trainer = createTrainer(gpu, { health: 'full', ...options });
  if (weights) await trainer.setWeights(weights);
  const { probes } = await trainer.fit(dataset, { epochs, shuffle: false });
  trainer.dispose();
  return probes;
}

describe.each(Object.entries(torchSamples))('single samples’ gradients beside PyTorch’s: %s', (_, torch) => {
  const model = compileModel(torch.model);
  const count = torch.labels.length;
  const dataset = createDataset({
    images: Uint8Array.from(torch.bytes),
    labels: torch.labels,
    imageShape: [...torch.model.inputShape],
  });
  const images = torch.bytes.map((byte) => byte * exactRescale);
  const parts = sharesOf(count, 4);

  test('their norms, and the noise that they are', async () => {
    const options = { model: torch.model, batchSize: count, augmentation: { rescale: exactRescale } };
    const [probe] = await probesOf(options, dataset, 1, torch.weights);
    const flat = (w: Numbers[], x: Numbers) => {
      const { sampleNorms, figures } = networkProbe(model, w, { images: x, labels: torch.labels, parts });
      return names(model).flatMap((name) => [
        sampleNorms[name]!,
        [figures[name]!.covarianceTrace],
        [figures[name]!.squaredGradient],
      ]);
    };
    const bounds = boundsOf(flat, model, torch.weights, images);
    expect(probe!.hardest).toHaveLength(count);
    for (const [i, name] of names(model).entries()) {
      const [ofNorms, ofTrace, ofSquares] = bounds.slice(3 * i);
      const expected = torch.layers[name]!;
      const layer = probe!.layers[name]!;
      // With parts of one sample, the covariance of the samples; with parts of two, the estimate from pairs of gradients.
      const pairs = expected.pairSquares.reduce((a, b) => a + b) / expected.pairSquares.length;
      const trace = count === 4 ? expected.covarianceTrace : (pairs - expected.squaredMean) / (1 / 2 - 1 / count);
      expectWithin(`trace of ${name}`, [layer.covarianceTrace], [trace], ofTrace!);
      expectWithin(`|G|^2 of ${name}`, [layer.squaredGradient], [expected.squaredMean - trace / count], ofSquares!);
      if (!name.startsWith('dense')) continue;
      for (const { sample, label, layers } of probe!.hardest) {
        expectWithin(`${name} of sample ${sample}`, [layers[name]!], [expected.sampleNorms[sample]!], ofNorms!);
        expect(label).toBe(torch.labels[sample]);
      }
    }
    const dense = names(model).filter((name) => name.startsWith('dense'));
    const order = torch.labels
      .map((_, n) => ({ n, size: Math.hypot(...dense.map((name) => torch.layers[name]!.sampleNorms[n]!)) }))
      .sort((a, b) => b.size - a.size);
    expect(probe!.hardest.map(({ sample }) => sample)).toEqual(order.map(({ n }) => n));
    for (const [i, { gradientNorm }] of probe!.hardest.entries()) expect(gradientNorm).toBeCloseTo(order[i]!.size, 4);
  });
});

// 11 samples in batches of 4: every third batch has 3. A probe runs before steps 1, 3, 5 ...
describe.each<[string, TrainerOptions['optimizer']]>([
  ['Adam', { type: 'adam', learningRate: 0.01 }],
  ['SGD with momentum', { type: 'sgd', learningRate: 0.05, momentum: 0.9, nesterov: true }],
  ['RMSprop, centered', { type: 'rmsprop', centered: true }],
  ['plain SGD', { type: 'sgd', learningRate: 0.05 }],
])('every figure of every probe is the twin’s: %s', (_, optimizer) => {
  const dataset = smallDataset(11);
  const model = compileModel(smallModel);
  const batchSize = 4;
  const filled = fillOptimizer(optimizer!);
  const places = [0, 4, 8, 0, 4, 8].map((first) => ({ first, count: Math.min(4, 11 - first) }));
  const asTheyAre = Float64Array.from(dataset.images, (byte) => byte / 255);
  const flipped = asTheyAre.map((_, i) => asTheyAre[i - (i % 6) + 5 - (i % 6)]!);
  const batch = (x: Numbers, { first, count }: (typeof places)[number]) =>
    Float64Array.from(x).subarray(first * 36, (first + count) * 36);

  // Before the first step there is no momentum.
  const direction = momentumOf(filled);

  /** The probes of six steps on flipped images. */
  const train = (w: Numbers[], x: Numbers) => {
    const probes: ReturnType<typeof networkProbe>[] = [];
    const past: Numbers[][] = [];
    trainSteps(filled, w, 6, (at, step, slots) => {
      const place = places[step]!;
      const labels = dataset.labels.subarray(place.first, place.first + place.count);
      const unflipped = batch(
        Float64Array.from(x, (_, i) => x[i - (i % 6) + 5 - (i % 6)]!),
        place,
      );
      const parts = sharesOf(place.count, 4);
      const plain = networkProbe(model, at, { images: unflipped, labels, parts }).gradients;
      const momentum = direction && slots.map((of) => of[direction.slot]!.map((x) => direction.sign * x));
      const others = { plain, ...(past.length && { last: past.at(-1)!, ...(momentum && { momentum }) }) };
      const probe = networkProbe(model, at, { images: batch(x, place), labels, parts, others });
      if (step % 2 === 0) probes.push(probe);
      past.push(probe.gradients);
      return probe.gradients;
    });
    return probes;
  };

  test('over two epochs', async () => {
    const augmentation = [{ type: 'randomHorizontalFlip' as const, p: 1 }];
    const trainer = createTrainer(gpu, {
      model: smallModel,
      batchSize,
      seed: 3,
      optimizer,
      augmentation,
      health: 'full',
      probeEvery: 2,
    });
    const start = await trainer.getWeights();
    const told: ProbeRecord[] = [];
    const { probes } = await trainer.fit(dataset, { epochs: 2, shuffle: false, onProbe: (probe) => told.push(probe) });
    trainer.dispose();
    expect(told).toEqual(probes);
    expect(probes.map(({ step }) => step)).toEqual([1, 3, 5]);

    const twins = train(start, flipped);
    const keys = ['whole', ...names(model)];
    const flat = (of: ReturnType<typeof train>) =>
      of.flatMap(({ figures, sampleNorms }) =>
        keys.flatMap((key) => {
          const { cosines, covarianceTrace, squaredGradient } = figures[key]!;
          return [[covarianceTrace], [squaredGradient], sampleNorms[key]!, ...Object.values(cosines).map((c) => [c])];
        }),
      );
    const bounds = boundsOf((w, x) => flat(train(w, x)), model, start, flipped);
    let at = 0;
    const running: Record<string, readonly [number, number]> = {};
    for (const [i, probe] of probes.entries()) {
      const { count, first } = places[2 * i]!;
      for (const key of keys) {
        const expected = twins[i]!.figures[key]!;
        const found = key === 'whole' ? probe.whole : probe.layers[key]!;
        const name = `${key} before step ${probe.step}`;
        const { covarianceTrace: trace, squaredGradient: squares } = expected;
        // Two sums of squares, each rounded separately, whose difference may cancel completely.
        const rounded = 64 * unitRoundoff * (Math.abs(trace) / count + Math.abs(squares));
        expectWithin(`trace of ${name}`, [found.covarianceTrace], [trace], bounds[at++]! + count * rounded);
        expectWithin(`|G|^2 of ${name}`, [found.squaredGradient], [squares], bounds[at++]! + rounded);
        const ofNorms = bounds[at++]!;
        for (const { sample, layers } of key.startsWith('dense') ? probe.hardest : []) {
          const norm = twins[i]!.sampleNorms[key]![sample - first]!;
          expectWithin(`${key} of sample ${sample}`, [layers[key]!], [norm], ofNorms);
        }
        for (const [other, cosine] of Object.entries(expected.cosines)) {
          const figure = { plain: found.cosineToPlain, last: found.cosineToLast, momentum: found.cosineToMomentum }[
            other
          ];
          // A few additional ulp for products of rounded norms.
          expectWithin(`cosine of ${name} to ${other}`, [figure!], [cosine], bounds[at++]! + 2 ** -20);
        }
        expect(found.cosineToLast === undefined).toBe(i === 0);
        expect(found.cosineToMomentum === undefined).toBe(i === 0 || direction === undefined);
        const [before, squaresBefore] = running[key] ?? [0, 0];
        const averages = [0.9 * before + found.covarianceTrace, 0.9 * squaresBefore + found.squaredGradient] as const;
        running[key] = averages;
        const scale = averages[1] > 0 ? averages[0] / averages[1] : Infinity;
        expect(found.noiseScale).toBeCloseTo(scale, 6);
      }
      expect(probe.hardest).toHaveLength(count);
      expect(probe.hardest.every(({ sample, label }) => label === dataset.labels[sample])).toBe(true);
      const norms = probe.hardest.map(({ gradientNorm }) => gradientNorm);
      expect(norms).toEqual([...norms].sort((a, b) => b - a));
    }
    expect(at).toBe(bounds.length);
  });
});

test('histograms are those of the gradients themselves, bit by bit', async () => {
  const dataset = smallDataset(11);
  const options = { model: smallModel, batchSize: 4, seed: 3, augmentation: { rescale: exactRescale } };
  const probes = await probesOf({ ...options, probeEvery: 1 }, dataset);
  const stepping = createTrainer(gpu, options);
  for (const [i, probe] of probes.entries()) {
    const batch = batchOf(dataset, 4 * i, 4);
    const { gradients } = await stepping.gradients(...batch);
    for (const [l, name] of names(stepping.model).entries()) {
      const counted = gradients.slice(2 * l, 2 * l + 2).map((dw) => exponentHistogram({ dw }));
      const sum = (of: (one: (typeof counted)[number]) => number) => of(counted[0]!) + of(counted[1]!);
      const { exponents, zeros, nonFinite } = probe.layers[name]!;
      expect(exponents).toEqual(exponents.map((_, bin) => sum(({ bins }) => bins[bin]!)));
      expect([zeros, nonFinite]).toEqual([sum((one) => one.zeros), 0]);
    }
    await stepping.trainOnBatch(...batch);
  }
  expect(probes).toHaveLength(3);
});

describe('training is bit by bit as without probes', () => {
  const dataset = inTurn(smallDataset(22));
  const others = smallDataset(9, 2);
  const generator = { rotationRange: 20, zoomRange: 0.1, rescale: exactRescale };
  const cases: [string, Partial<TrainerOptions>, number][] = [
    ['before every step', { augmentation: generator }, 1],
    ['not augmented', { augmentation: { rescale: exactRescale } }, 2],
    ['copies beside the images', { augmentation: generator, mix: 'merge', copies: 2 }, 3],
    ['pairs of images mixed', { augmentation: [{ type: 'cutMix' }, { type: 'mixUp' }] }, 2],
    ['Keras’ own draws', { augmentation: { ...generator, compat: 'keras' } }, 2],
    ['SGD with momentum', { optimizer: { type: 'sgd', learningRate: 0.05, momentum: 0.9 } }, 4],
    ['a part kept for validation', { augmentation: { ...generator, validationSplit: 0.25 } }, 2],
  ];
  test.each(cases)('%s', async (_, options, probeEvery) => {
    const run = async (health: Partial<TrainerOptions>) => {
      const trainer = createTrainer(gpu, { model: smallModel, batchSize: 4, seed: 5, ...options, ...health });
      const { steps, probes, epochs } = await trainer.fit(dataset, { epochs: 2, validationData: others });
      const more = await trainer.fit(dataset, { epochs: 1 });
      const weights = await trainer.getWeights();
      trainer.dispose();
      const losses = epochs.map(({ loss, validationLoss }) => [loss, validationLoss]);
      return { steps: [...steps, ...more.steps], losses, weights, probes: [...probes, ...more.probes] };
    };
    const { probes: none, ...without } = await run({});
    const { probes, ...probed } = await run({ health: 'full', probeEvery });
    expect(probed).toEqual(without);
    expect(none).toEqual([]);
    expect(probes.length).toBeGreaterThan(3);
  });
});

describe('which samples have the largest gradients', () => {
  const dataset = inTurn(smallDataset(24));
  const seed = 5;
  const run = async (options: Partial<TrainerOptions>) => {
    const trainer = createTrainer(gpu, { model: smallModel, batchSize: 8, seed, health: 'full', ...options });
    const { probes } = await trainer.fit(dataset);
    trainer.dispose();
    return probes[0]!.hardest;
  };

  test('are those of the shuffled batch', async () => {
    const batch = [...shuffledOrder(24, seed, 1).subarray(0, 8)].sort();
    const hardest = await run({ augmentation: { rescale: exactRescale } });
    expect(hardest.map(({ sample }) => sample).sort()).toEqual(batch);
  });

  test('copies are recognized by their image', async () => {
    const batch = [...shuffledOrder(72, seed, 1).subarray(0, 8)].map((entry) => entry % 24).sort();
    const hardest = await run({ augmentation: { rotationRange: 5 }, mix: 'merge', copies: 2 });
    expect(hardest.map(({ sample }) => sample).sort()).toEqual(batch);
  });

  test('are counted from the first image of the data set, including those after the part that is kept', async () => {
    const batch = [...shuffledOrder(18, seed, 1).subarray(0, 8)].map((place) => 6 + place).sort();
    const hardest = await run({
      augmentation: { validationSplit: 0.25, rescale: exactRescale },
    });
    expect(hardest.map(({ sample }) => sample).sort()).toEqual(batch);
    for (const { sample, label } of hardest) expect(label).toBe(dataset.labels[sample]);
  });

  test('a wrong label pulls harder than any other once the rest is learned', async () => {
    const right = smallDataset(24);
    const labels = right.labels.slice();
    labels[17] = (labels[17]! + 1) % 3;
    const wrong = { ...right, labels };
    const options = { model: smallModel, batchSize: 24, optimizer: { type: 'adam' as const, learningRate: 0.02 } };
    const probes = await probesOf({ ...options, augmentation: { rescale: exactRescale }, probeEvery: 40 }, wrong, 41);
    expect(probes.at(-1)!.hardest[0]).toMatchObject({ sample: 17, label: labels[17] });
  });
});

test('after the first probe nothing is made but command encoders', async () => {
  const options = { model: smallModel, batchSize: 4, augmentation: { rotationRange: 10 } };
  const trainer = createTrainer(gpu, { ...options, health: 'full', probeEvery: 3 });
  await trainer.getWeights();
  const before = trainer.memory;
  const create = vi.spyOn(gpu.device, 'createBuffer');
  const bind = vi.spyOn(gpu.device, 'createBindGroup');
  const counts: number[][] = [];
  await trainer.fit(smallDataset(20), {
    epochs: 4,
    onProbe: () => counts.push([create.mock.calls.length, bind.mock.calls.length]),
  });
  expect(counts).toHaveLength(7);
  expect(new Set(counts.map(String)).size).toBe(1);
  expect(trainer.memory).toEqual(before);
  vi.restoreAllMocks();
});

test('a run that is stopped in a probe’s callback ends before the step that it was about', async () => {
  const stop = new AbortController();
  const trainer = createTrainer(gpu, { model: smallModel, batchSize: 4, health: 'full', probeEvery: 2 });
  const { steps, probes, stopped } = await trainer.fit(smallDataset(20), {
    epochs: 3,
    signal: stop.signal,
    onProbe: ({ step }) => step === 3 && stop.abort(),
  });
  expect([steps.length, probes.length, stopped]).toEqual([2, 2, true]);
});

test('numbers that are not finite are counted, not binned, and training reports them as before', async () => {
  const trainer = createTrainer(gpu, { model: smallModel, batchSize: 4, health: 'full', probeEvery: 1 });
  const weights = await trainer.getWeights();
  weights[0]![0] = Number.NaN;
  await trainer.setWeights(weights);
  const probes: ProbeRecord[] = [];
  const failed = trainer.fit(smallDataset(20), { onProbe: (probe) => probes.push(probe) });
  await expect(failed).rejects.toMatchObject({ layer: 'conv2d', pass: 'forward' });
  expect(probes).toHaveLength(3);
  const { nonFinite, zeros, exponents, noiseScale, covarianceTrace } = probes[2]!.layers.conv2d!;
  expect(nonFinite).toBeGreaterThan(0);
  expect(nonFinite + zeros + exponents.reduce((a, b) => a + b)).toBe(4 * 9 + 4);
  expect([noiseScale, covarianceTrace]).toEqual([Number.NaN, Number.NaN]);
});
