import { describe, expect, test } from 'vitest';
import { crc32c } from '../../src/formats/crc32c.ts';
import { HealthRows, healthReader, mostHealthRows } from '../../src/health/health_table.ts';
import { ConfigurationError, DataError, formatRun, parseRun, type SavedRun, type StepRecord } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { initialWeights } from '../../src/model/initial_weights.ts';
import { smallModel } from './small.ts';

const weights = initialWeights(compileModel(smallModel), 7);

/** A NaN with a payload, which is only preserved by copying bits. */
const strange = new Uint32Array([0x7fc0_1234, 0x8000_0000, 0x0000_0001, 0xff80_0000]);
weights[1]!.set(new Float32Array(strange.buffer));

const bits = (tensors: readonly Float32Array[]) =>
  tensors.map(({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length));

const step: StepRecord = {
  step: 1,
  epoch: 1,
  loss: Number.NaN,
  accuracy: 0.25,
  samples: 8,
  skipped: true,
  gradientNorms: { conv2d: Number.POSITIVE_INFINITY, dense: 0.1 },
};

const saved: SavedRun = {
  options: { model: smallModel, optimizer: 'adam', batchSize: 8, seed: 3, augmentation: { rotationRange: 20 } },
  dataset: {
    name: 'own',
    imageShape: [6, 6, 1],
    classNames: ['<img src=x onerror=alert(1)>', 'größer', '__proto__'],
    trainSamples: 42,
    testSamples: 9,
    data: '0123456789abcdef',
  },
  epochs: 5,
  history: {
    epochs: [],
    steps: [step],
    verdicts: [],
    probes: [],
    health: {
      steps: [1],
      layers: { dense: { updateRatio: [Number.NaN], transport: [null], reach: [1], dead: [0.5] } },
    },
  },
  snapshot: {
    weights,
    slots: [...weights.map((w) => w.map((x) => x / 3)), ...weights.map((w) => w.map((x) => x * x))],
    progress: { epochs: 2, step: 12, updates: 11, skipped: 1, correction1: 0.3, correction2: 0.011 },
    learningRate: 0.0005,
    statistics: { mean: [0.5], std: [0.25], zca: Float32Array.of(1, 2, 3, 4) },
    health: {
      units: new Float32Array(new Uint32Array([0xffff_ffff, 0x7fc0_0001]).buffer),
      watch: {
        epoch: { step: 7, epoch: 2, steps: 6, samples: 42 },
        standings: {
          conv2d: { streak: { name: 'dead', steps: 3, since: { step: 9, epoch: 2, steps: 1, samples: 8 } } },
          dense: { lastUpdateRatio: Number.NaN },
        },
      },
    },
  },
};

test('a round trip preserves every bit, with any names and numbers', () => {
  const file = formatRun(saved);
  expect(file.byteLength % 4).toBe(0);
  const read = parseRun(file);
  expect(read).toEqual(saved);
  expect(bits(read.snapshot.weights)).toEqual(bits(saved.snapshot.weights));
  expect(bits(read.snapshot.slots)).toEqual(bits(saved.snapshot.slots));
  expect(bits([read.snapshot.health!.units])).toEqual(bits([saved.snapshot.health!.units]));
  expect(formatRun(read)).toEqual(file);
});

test('a long run keeps every second, fourth ... step of its health, as it was', () => {
  const rows = new HealthRows();
  for (let step = 1; step <= 10_000; step++) {
    rows.add(step, { dense: { updateRatio: step, reach: 1, dead: 0, zeros: step / 1e4, saturated: 0 } });
  }
  const { steps, layers } = rows.table;
  expect(steps.length).toBeLessThanOrEqual(mostHealthRows);
  expect(steps.slice(0, 3)).toEqual([1, 5, 9]);
  expect(steps.at(-1)).toBe(9997);
  expect(layers.dense!.updateRatio).toEqual(steps);
  const figuresOf = healthReader(rows.table);
  expect([4, 5, 6, 9997].map((step) => figuresOf(step)?.dense?.updateRatio)).toEqual([undefined, 5, undefined, 9997]);
  // The fractions of outputs are saved, and older files don't have them.
  const history = { ...saved.history, health: rows.table };
  const read = parseRun(formatRun({ ...saved, history })).history.health;
  expect(healthReader(read)(5)?.dense).toEqual({ updateRatio: 5, reach: 1, dead: 0, zeros: 5e-4, saturated: 0 });
  expect(healthReader(saved.history.health)(saved.history.health!.steps[0]!)?.dense).not.toHaveProperty('zeros', 0);
});

test('it keeps as few of a table that has every second step alone', () => {
  const rows = new HealthRows();
  for (let step = 1; step <= 20_000; step += 2) {
    rows.add(step, { dense: { updateRatio: step, reach: 1, dead: 0 } });
    expect(rows.table.steps.length).toBeLessThanOrEqual(mostHealthRows);
  }
  expect(rows.table.steps.slice(0, 3)).toEqual([1, 9, 17]);
  expect(rows.table.steps.at(-1)).toBe(19_993);
});

test('it may be anywhere in a larger buffer', () => {
  const file = formatRun(saved);
  const larger = new Uint8Array(file.length + 3);
  larger.set(file, 3);
  expect(parseRun(larger.subarray(3))).toEqual(saved);
});

/** Appends the checksum of the other bytes. */
function summed(file: Uint8Array): Uint8Array {
  const sum = crc32c(file.subarray(0, file.length - 4));
  new DataView(file.buffer, file.byteOffset).setUint32(file.length - 4, sum, true);
  return file;
}

test('a file of version 1, which has no checksum, can still be read', () => {
  const { health: _, ...snapshot } = saved.snapshot;
  const older = formatRun({ ...saved, snapshot }).slice(0, -4);
  older[8] = 1;
  expect(parseRun(older)).toEqual({ ...saved, snapshot });
});

test('a file with any flipped bit, or truncated anywhere, is rejected', () => {
  const file = formatRun(saved);
  for (let at = 0; at < file.length; at += 7) {
    const turned = file.slice();
    turned[at]! ^= 1 << (at % 8);
    expect(() => parseRun(turned)).toThrow(DataError);
    expect(() => parseRun(file.subarray(0, at))).toThrow(DataError);
  }
});

/** The file with a modified header. */
// biome-ignore lint/suspicious/noExplicitAny: whatever JSON says
function withHeader(change: (header: any) => void): Uint8Array {
  const file = formatRun(saved);
  const bytes = new DataView(file.buffer).getUint32(12, true);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(16, 16 + bytes)));
  change(header);
  const json = new TextEncoder().encode(JSON.stringify(header));
  const made = new Uint8Array(16 + json.length + file.length - 16 - bytes);
  made.set(file.subarray(0, 16));
  new DataView(made.buffer).setUint32(12, json.length, true);
  made.set(json, 16);
  made.set(file.subarray(16 + bytes), 16 + json.length);
  return summed(made);
}

const withVerdict = (wrong: object) => {
  const verdict = { layer: 'dense', verdict: 'dead', step: 1, epoch: 1, sentence: '', remedy: '' };
  return withHeader((h) => Object.assign(h.history, { verdicts: [{ ...verdict, ...wrong }] }));
};
const withRunVerdict = (change: object) => {
  const verdict = { verdict: 'plateau', step: 1, epoch: 1, sentence: 'it stalls: 2.3', cause: 'none', remedies: [] };
  return withHeader((h) => Object.assign(h.history, { runVerdicts: [{ ...verdict, ...change }] }));
};
const withProbe = (wrong: object) => {
  const layers = { dense: { exponents: [1], zeros: 0, nonFinite: 0 } };
  return withHeader((h) => Object.assign(h.history, { probes: [{ step: 1, layers, hardest: [], ...wrong }] }));
};

test('a verdict on the run of an older file has neither a headline nor the type of its cause', () => {
  const { sentence, headline, causeType } = parseRun(withRunVerdict({})).history.runVerdicts![0]!;
  expect({ sentence, headline, causeType }).toEqual({ sentence: 'it stalls: 2.3' });
  expect(parseRun(withRunVerdict({ headline: 'it stalls' })).history.runVerdicts![0]!.headline).toBe('it stalls');
});

describe('an inconsistent file', () => {
  const file = formatRun(saved);
  const changed = (at: number, value: number) => {
    const copy = file.slice();
    copy[at] = value;
    return copy;
  };
  test.each<[string, Uint8Array, string]>([
    ['empty', new Uint8Array(0), 'is not a run saved by wgrad'],
    ['another kind', changed(0, 0x50), 'is not a run saved by wgrad'],
    ['a later version', changed(8, 3), 'has another version of the format'],
    ['cut in its header', file.subarray(0, 100), 'is truncated'],
    ['cut in its weights', file.subarray(0, file.length - 4), 'is truncated'],
    ['longer', Uint8Array.of(...file, 0, 0, 0, 0), 'is damaged'],
    ['a header that is no JSON', summed(changed(16, 0x21)), 'is not JSON'],
    ['a header as long as the world', changed(15, 0xff), 'is truncated'],
    ['class names that are none', withHeader((h) => Object.assign(h.dataset, { classNames: [1] })), 'classNames.0'],
    ['a loss that is text', withHeader((h) => Object.assign(h.history.steps[0], { loss: '<b>' })), 'steps.0.loss'],
    [
      'health of more steps than it has',
      withHeader((h) => Object.assign(h.history.health, { steps: [1, 2] })),
      'Invalid history.health in',
    ],
    ['a verdict that is none', withVerdict({ verdict: '<b>' }), 'verdicts.0.verdict'],
    ['a verdict of no epoch', withVerdict({ epoch: undefined }), 'verdicts.0.epoch'],
    ['a headline that is none', withRunVerdict({ headline: {} }), 'runVerdicts.0.headline'],
    ['a probe of nothing', withProbe({ layers: undefined }), 'probes.0.layers'],
    ['a probe of layers that the model has not', withProbe({}), 'has probes of another model'],
    ['weights of no length', withHeader((h) => Object.assign(h.tensors, { weights: [-1] })), 'tensors.weights.0'],
  ])('%s', (_, bytes, words) => {
    expect(() => parseRun(bytes, 'run.wgrad')).toThrow(DataError);
    expect(() => parseRun(bytes, 'run.wgrad')).toThrow(words);
    expect(() => parseRun(bytes, 'run.wgrad')).toThrow('run.wgrad');
  });

  test('options that no trainer accepts, and weights of another model', () => {
    const optimizer = withHeader((h) => Object.assign(h.options, { optimizer: 'adams' }));
    expect(() => parseRun(optimizer)).toThrow(ConfigurationError);
    const model = withHeader((h) => Object.assign(h.options.model.layers[0], { kernelSize: 1 }));
    expect(() => parseRun(model)).toThrow('The kernel of conv2d has the wrong size');
    expect(() => formatRun({ ...saved, snapshot: { ...saved.snapshot, weights: [] } })).toThrow(ConfigurationError);
  });
});
