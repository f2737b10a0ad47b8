import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { Picture, Sampling } from '../../src/augment/op.ts';
import { augMixSpace, choicesOf, type PolicyOp, policyOps } from '../../src/augment/ops/policy_tables.ts';
import type { OpParameters, PipelineParameters } from '../../src/augment/parameters.ts';
import { type OpConfig, parseAugmentation } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { type AppliedOp, augMix } from '../../src/reference/augment_policies.ts';
import { drawRecord } from '../../src/reference/draws.ts';
import { drawAugMixWeights } from '../../src/reference/op_draws.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { coordinatesOff } from './closeness.ts';
import { expectDrawn, expectIndependent } from './distribution.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
const picture: Picture = { height: 24, width: 20, channels: 3 };
const imageShape: [number, number, number] = [24, 20, 3];
const elements = 24 * 20 * 3;
/** Low contrast, so that there is something to stretch. */
const images = (n: number) => Uint8Array.from({ length: n * elements }, (_, i) => 40 + (((i * 7919) ^ (i >> 4)) % 160));
const sampling: Sampling = { fillMode: 'gridConstant', cval: 90, interpolationOrder: 1 };

/** The chains of a record, in the twin's format. */
function chainsOf(op: OpParameters, width: number, depth: number): { weight: number; ops: AppliedOp[] }[] {
  return upTo(width).map((i) => ({
    weight: op[`chain${i + 1}Weight`] as number,
    ops: upTo(depth).map(
      (j): AppliedOp => [op[`chain${i + 1}Op${j + 1}`] as PolicyOp, op[`chain${i + 1}Magnitude${j + 1}`] as number],
    ),
  }));
}

const isExact = (op: PolicyOp) =>
  ['identity', 'translateX', 'translateY', 'posterize', 'solarize', 'equalize', 'invert'].includes(op);
/** Ops that round to levels are discontinuous: after other arithmetic, their input never equals the twin's exactly. */
const jumps = (ops: readonly AppliedOp[]) =>
  ops.some(
    ([op], j) => ['posterize', 'solarize', 'equalize'].includes(op) && !ops.slice(0, j).every(([o]) => isExact(o)),
  );

test.each<[string, OpConfig, width: number, depth: number]>([
  ['as torchvision has it', { type: 'augMix' }, 3, 3],
  ['one chain of one op', { type: 'augMix', mixtureWidth: 1, chainDepth: 1, severity: 10 }, 1, 1],
  ['five chains of two, without all ops', { type: 'augMix', mixtureWidth: 5, chainDepth: 2, allOps: false }, 5, 2],
])(
  '%s: every image is mixed from its own chains, and the same parameters from JSON reproduce it',
  async (_, op, width, depth) => {
    const n = 96;
    const augmentation: OpConfig[] = [{ ...op, fill: 90 } as OpConfig, { type: 'randomHorizontalFlip' }];
    const augmenter = createAugmenter(gpu, { imageShape, augmentation, seed: 6 });
    const drawn = (await augmenter.draw({ epoch: 3, samples: upTo(n) })) as PipelineParameters[];
    const x = images(n);
    const y = await augmenter.apply(x, { epoch: 3, samples: upTo(n) });
    expectSame('from JSON', await augmenter.apply(x, JSON.parse(JSON.stringify(drawn))), y);
    let compared = 0;
    drawn.forEach(({ ops: [own, flip], matrix }, i) => {
      expect(matrix).toBeUndefined();
      const chains = chainsOf(own!, width, depth);
      if (chains.some(({ ops }) => jumps(ops))) return;
      compared++;
      const mixed = augMix(
        x.subarray(i * elements, (i + 1) * elements),
        picture,
        own!.originalWeight as number,
        chains,
        sampling,
      );
      const expected = mixed.map((value, at) => {
        const column = Math.floor(at / 3) % 20;
        return flip!.applied ? mixed[at + (19 - 2 * column) * 3]! : value;
      });
      // Maximum slope of a bilinear surface times the coordinates' error; contrast magnifies it, several times in a chain.
      const bound = 8 * 2 * 255 * coordinatesOff(3 * 44);
      expectWithin(JSON.stringify(own), y.subarray(i * elements, (i + 1) * elements), expected, bound);
    });
    expect(compared).toBeGreaterThan(n / 5);
  },
);

test('chains that leave the image unchanged give the unchanged image', async () => {
  // Uses the kernels of the first case above, which take long to compile: the same number of images, most of them empty.
  const [n, x] = [96, images(96)];
  const augmentation: OpConfig[] = [{ type: 'augMix', fill: 90 }, { type: 'randomHorizontalFlip' }];
  const augmenter = createAugmenter(gpu, { imageShape, augmentation });
  const how: { ops: OpParameters[] }[] = Array.from({ length: n }, () => ({ ops: [] }));
  how[1] = { ops: [{ type: 'augMix' }] };
  how[2] = {
    ops: [{ type: 'augMix', originalWeight: 0.25, chain2Weight: 0.75, chain2Op3: 'rotate', chain2Magnitude3: 180 }],
  };
  const y = await augmenter.apply(x, how);
  const of = (all: ArrayLike<number>, i: number) =>
    Float64Array.from({ length: elements }, (_, at) => all[i * elements + at]!);
  for (const i of [0, 1, n - 1]) expectSame(`y of ${i}`, of(y, i), of(x, i));
  const image = of(x, 2);
  const turned = image.map((_, at) => image[elements - 3 - at + 2 * (at % 3)]!);
  const expected = turned.map((value, at) => 0.25 * image[at]! + 0.75 * value);
  expectWithin('half', of(y, 2), expected, 255 * 4 * unitRoundoff);
});

test('works after other ops and before mixUp', async () => {
  const [n, count] = [8, 20];
  const all = images(count);
  const pick = (samples: readonly number[]) =>
    Uint8Array.from(samples.flatMap((sample) => [...all.subarray(sample * elements, (sample + 1) * elements)]));
  const before: OpConfig[] = [
    { type: 'randomCrop', size: [22, 18] },
    // Short chains: there is less to compile, and their position among the other ops is the same.
    { type: 'augMix', p: 0.7, mixtureWidth: 2, chainDepth: 1 },
  ];
  const make = (augmentation: OpConfig[]) => createAugmenter(gpu, { imageShape, augmentation, seed: 4, count });
  const both = make([...before, { type: 'mixUp' }]);
  const drawn = (await both.draw({ epoch: 1, samples: upTo(n) })) as PipelineParameters[];
  const partners = drawn.map(({ partner }) => partner!.sample);
  const y = await both.apply(pick([...upTo(n), ...partners]), { epoch: 1, samples: upTo(n) });
  const alone = make(before);
  const own = await alone.apply(pick(upTo(n)), { epoch: 1, samples: upTo(n) });
  const other = await alone.apply(pick(partners), { epoch: 1, samples: partners });
  const each = 22 * 18 * 3;
  const expected = Float64Array.from(own, (value, at) => {
    const lambda = drawn[Math.floor(at / each)]!.ops.at(-1)!.lambda as number;
    return lambda * value + (1 - lambda) * other[at]!;
  });
  expectWithin('y', y, expected, 255 * 8 * unitRoundoff);
});

describe('100,000 draws', () => {
  const n = 100_000;
  const seed = 8;
  const square = [32, 32, 3] as [number, number, number];
  const drawn = new Map<number, Promise<PipelineParameters[]>>();
  /** Sampled once for all tests that use them. */
  const drawsOf = (alpha: number): Promise<PipelineParameters[]> => {
    const before = drawn.get(alpha);
    if (before) return before;
    const augmenter = createAugmenter(gpu, { imageShape: square, augmentation: [{ type: 'augMix', alpha }], seed });
    const draws = augmenter.draw({ epoch: 0, samples: upTo(n) }) as Promise<PipelineParameters[]>;
    drawn.set(alpha, draws);
    return draws;
  };
  const of = (all: PipelineParameters[], field: string) =>
    Float64Array.from(all, ({ ops: [op] }) => {
      const value = op![field];
      return typeof value === 'string' ? policyOps.indexOf(value as PolicyOp) : (value as number);
    });
  const weights = ['chain1Weight', 'chain2Weight', 'chain3Weight'];

  test.each([0.3, 1, 4])(
    'the weights for alpha %d sum to one; Beta determines the weight of the image, Dirichlet those of the chains',
    async (alpha) => {
      const all = await drawsOf(alpha);
      const original = of(all, 'originalWeight');
      const chains = weights.map((name) => of(all, name));
      expectWithin(
        'sums',
        original.map((w, i) => w + chains.reduce((sum, own) => sum + own[i]!, 0)),
        original.map(() => 1),
        8 * unitRoundoff,
      );
      // The fraction of a gamma variate a in the sum of a and b is distributed as Beta(a, b).
      const expectBeta = (name: string, x: Float64Array, a: number, b: number) => {
        const mean = a / (a + b);
        const variance = (a * b) / ((a + b) ** 2 * (a + b + 1));
        expectWithin(`mean of ${name}`, [x.reduce((s, v) => s + v, 0) / x.length], [mean], 5 * Math.sqrt(variance / n));
        const square = x.reduce((s, v) => s + (v - mean) ** 2, 0) / x.length;
        // For values between 0 and 1, the fourth moment is at most the second.
        expectWithin(`variance of ${name}`, [square], [variance], 5 * Math.sqrt((variance - variance ** 2) / n));
      };
      expectBeta('originalWeight', original, alpha, alpha);
      weights.forEach((name, c) => {
        // If an image is nearly unmixed, a chain's part of the remainder is lost in rounding.
        const share = chains[c]!.map((w, i) => w / (1 - original[i]!)).filter((_, i) => original[i]! < 1 - 1e-4);
        if (alpha >= 1) expectBeta(name, share, alpha, 2 * alpha);
        else expectWithin(name, [share.reduce((s, v) => s + v, 0) / share.length], [1 / 3], 0.01);
      });
    },
  );

  test('chains have 1, 2 or 3 ops with equal probability, padded with the identity', async () => {
    const all = await drawsOf(1);
    for (const i of [1, 2, 3]) {
      const depths = of(all, `chain${i}Depth`);
      expectDrawn('depth', depths, { from: 'integer', low: 1, high: 3 });
      for (const j of [1, 2, 3]) {
        const [ops, magnitudes] = [of(all, `chain${i}Op${j}`), of(all, `chain${i}Magnitude${j}`)];
        expect(depths.every((depth, at) => (ops[at] !== 0) === depth >= j)).toBe(true);
        expect(depths.every((depth, at) => depth >= j || magnitudes[at] === 0)).toBe(true);
        const values = [...augMixSpace(picture, true).keys()].map((op) => policyOps.indexOf(op));
        expectDrawn(
          `op ${j} of chain ${i}`,
          ops.filter((op) => op !== 0),
          { from: 'choice', values },
        );
      }
    }
  });

  test('magnitudes of the weakest bins', async () => {
    const all = await drawsOf(1);
    const space = augMixSpace({ height: 32, width: 32 }, true);
    for (const op of space.keys()) {
      const choices = choicesOf(space, op, [0, 1, 2]);
      const drawn = of(
        all.filter(({ ops: [own] }) => own!.chain2Op1 === op),
        'chain2Magnitude1',
      );
      for (const value of new Set(choices)) {
        const p = choices.filter((other) => other === value).length / choices.length;
        const found = drawn.filter((other) => Math.abs(other - value) < 1e-4).length / drawn.length;
        expectWithin(`${op} ${value}`, [found], [p], 5 * Math.sqrt((p * (1 - p)) / drawn.length));
      }
    }
  });

  test('chains are independent of each other and of the weights', async () => {
    const all = await drawsOf(1);
    const names = [
      'chain1Op1',
      'chain2Op1',
      'chain3Op1',
      'originalWeight',
      'chain1Depth',
      'chain2Depth',
      'chain3Depth',
    ];
    expectIndependent(Object.fromEntries(names.map((name) => [name, of(all, name)])));
    const long = all.filter(({ ops: [op] }) => op!.chain1Depth === 3);
    const inner = ['chain1Op1', 'chain1Op2', 'chain1Op3'];
    expectIndependent(Object.fromEntries(inner.map((name) => [name, of(long, name)])));
  });

  test.each([0.3, 1])('alpha %d: the samples match the twin', async (alpha) => {
    const all = await drawsOf(alpha);
    const pipeline = parseAugmentation([{ type: 'augMix', alpha }], square);
    const op = pipeline.ops[0]!;
    for (const sample of [...upTo(100), n - 1]) {
      const key = { seed, epoch: 0, sample };
      const record = drawRecord(pipeline, key);
      record.set(drawAugMixWeights(key, op.purpose + op.fields.length, 3, alpha), op.at + 1);
      op.fields.forEach(({ name, as }, i) => {
        const [found, value] = [all[sample]!.ops[0]![name], record[op.at + 1 + i]!];
        if (as) expect([sample, name, found]).toEqual([sample, name, policyOps[value]]);
        // WGSL allows cos an error of 2^-11, which gives a normal number an error of 2e-3 and a weight a smaller one.
        else expectWithin(name, [found as number], [value], name.endsWith('Weight') ? 2e-3 : 2 * unitRoundoff * 300);
      });
    }
  });
});
