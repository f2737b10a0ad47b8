import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { OpConfig } from '../../src/augment/op_options.ts';
import type { PipelineParameters } from '../../src/augment/parameters.ts';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { drawRecord } from '../../src/reference/draws.ts';
import { drawChannelDrop, drawChannelPermutation } from '../../src/reference/op_draws.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { expectDrawn, expectEven, expectIndependent } from './distribution.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

const augmentation: OpConfig[] = [
  { type: 'colorJitter', brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.2 },
  { type: 'randomGamma', gamma: [0.5, 2] },
  { type: 'randomInvert' },
  { type: 'randomSolarize', threshold: [50, 200] },
  { type: 'randomPosterize', bits: [2, 6] },
  { type: 'randomEqualize' },
  { type: 'randomAutocontrast', p: 0.3 },
  { type: 'randomAdjustSharpness', sharpnessFactor: [0.1, 1.9] },
  { type: 'randomGrayscale' },
  { type: 'randomChannelPermutation' },
  { type: 'randomChannelDrop', channels: [1, 2] },
];

describe('100,000 samples', () => {
  const n = 100_000;
  const seed = 5;
  const pipeline = parseAugmentation(augmentation, [6, 5, 3]);
  const augmenter = createAugmenter(gpu, { imageShape: [6, 5, 3], augmentation, seed });
  const drawn = augmenter.draw({ epoch: 0, samples: Array.from({ length: n }, (_, i) => i) }) as Promise<
    PipelineParameters[]
  >;
  const column = async (op: number, field: string) => {
    const { as } = pipeline.ops[op]!.fields.find(({ name }) => name === field) ?? {};
    const read = (value: unknown) => (typeof value === 'string' ? (as as string[]).indexOf(value) : Number(value));
    return Float64Array.from(await drawn, ({ ops }) => (ops[op]!.applied ? read(ops[op]![field]) : Number.NaN)).filter(
      (value) => !Number.isNaN(value),
    );
  };
  const fields = pipeline.ops.flatMap(({ type, fields }, op) =>
    fields
      .filter(({ draw }) => draw && draw.from !== 'constant')
      .map(({ name, draw }) => ({ type, op, name, draw: draw! })),
  );

  test.each(fields)('$name of $type', async ({ op, name, draw }) => {
    expectDrawn(name, await column(op, name), draw);
  });

  test('every op is applied with its probability p', async () => {
    const all = await drawn;
    pipeline.ops.forEach(({ type, p }, op) => {
      const applied = all.map(({ ops }) => Number(ops[op]!.applied));
      if (p === 1) expect(applied.every(Boolean)).toBe(true);
      else expectDrawn(type, applied, { from: 'chance', p });
    });
  });

  test('all permutations of the channels are equally likely', async () => {
    const op = pipeline.ops.findIndex(({ type }) => type === 'randomChannelPermutation');
    const counts: Record<string, number> = {};
    for (const { ops } of await drawn) {
      const { channel0, channel1, channel2 } = ops[op]!;
      const order = `${channel0}${channel1}${channel2}`;
      counts[order] = (counts[order] ?? 0) + 1;
    }
    expect(Object.keys(counts).sort()).toEqual(['012', '021', '102', '120', '201', '210']);
    expectEven('permutations', Object.values(counts), n);
  });

  test('one or two channels are dropped, with equal probability', async () => {
    const op = pipeline.ops.findIndex(({ type }) => type === 'randomChannelDrop');
    const counts: Record<string, number> = {};
    let applied = 0;
    for (const { ops } of await drawn) {
      if (!ops[op]!.applied) continue;
      applied++;
      const dropped = [0, 1, 2].filter((c) => ops[op]![`drop${c}`]).join('');
      counts[dropped] = (counts[dropped] ?? 0) + 1;
    }
    expect(Object.keys(counts).sort()).toEqual(['0', '01', '02', '1', '12', '2']);
    expectEven('sets', Object.values(counts), applied);
  });

  test('parameters of different ops and fields are independent', async () => {
    const always = fields.filter(({ op }) => pipeline.ops[op]!.p === 1);
    const columns = await Promise.all(
      always.map(async ({ op, type, name }) => [`${type}.${name}`, await column(op, name)] as const),
    );
    const applied = pipeline.ops.flatMap(({ type, p }, op) => (p < 1 ? [{ type, op }] : []));
    const all = await drawn;
    const whether = applied.map(
      ({ type, op }) => [type, Float64Array.from(all, ({ ops }) => Number(ops[op]!.applied))] as const,
    );
    expectIndependent(Object.fromEntries([...columns, ...whether]));
  });

  test('the samples match the twin', async () => {
    const all = await drawn;
    const isOf = (type: string) => pipeline.ops.find((op) => op.type === type)!;
    for (const sample of [0, 1, 17, n - 1]) {
      const key = { seed, epoch: 0, sample };
      const record = drawRecord(pipeline, key);
      pipeline.ops.forEach((op, i) => {
        const found = all[sample]!.ops[i]!;
        expect(found.applied).toBe(record[op.at] === 1);
        op.fields.forEach(({ name, draw, as }, f) => {
          if (!draw) return;
          const value = record[op.at + 1 + f]!;
          if (as) expect(found[name]).toBe(as[value as never]);
          else expectWithin(name, [found[name] as number], [value], 3 * 2 * unitRoundoff * 200);
        });
      });
      const permuted = isOf('randomChannelPermutation');
      const order = drawChannelPermutation(key, permuted.purpose + 3, 3);
      expect(all[sample]!.ops.find(({ type }) => type === permuted.type)).toMatchObject(
        Object.fromEntries(order.map((from, c) => [`channel${c}`, from])),
      );
      const dropping = isOf('randomChannelDrop');
      if (record[dropping.at] !== 1) continue;
      const dropped = drawChannelDrop(key, dropping.purpose + 3, 3, 1, 2);
      expect(all[sample]!.ops.find(({ type }) => type === dropping.type)).toMatchObject(
        Object.fromEntries(dropped.map((is, c) => [`drop${c}`, is])),
      );
    }
  });
});
