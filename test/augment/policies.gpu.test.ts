import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { Picture, Sampling } from '../../src/augment/op.ts';
import {
  autoAugmentSpace,
  choicesOf,
  cifar10Policy,
  type PolicyOp,
  policyOps,
  randAugmentSpace,
  trivialAugmentWideSpace,
} from '../../src/augment/ops/policy_tables.ts';
import type { OpParameters, PipelineParameters } from '../../src/augment/parameters.ts';
import { type OpConfig, parseAugmentation } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { applyPolicyOp, policyWhere } from '../../src/reference/augment_policies.ts';
import { drawRecord } from '../../src/reference/draws.ts';
import { type AutoAugmentRow, drawAutoAugment } from '../../src/reference/op_draws.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { coordinatesOff, expectSampled } from './closeness.ts';
import { expectDrawn, expectEven, expectIndependent } from './distribution.ts';
import { expectCase, type PolicyCase, policyCases } from './policy_cases.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
const interpolationOf = ({ interpolationOrder }: Sampling) => (interpolationOrder === 0 ? 'nearest' : 'bilinear');

describe('each op in the pass of a policy', () => {
  /** One call for all cases with the same image and sampling method. */
  const groups = new Map<string, PolicyCase[]>();
  for (const c of policyCases) {
    const key = `${Object.values(c.picture).join(' x ')}, ${interpolationOf(c.sampling)}`;
    groups.set(key, [...(groups.get(key) ?? []), c]);
  }

  test.each([...groups])('%s', async (_, cases) => {
    const { picture, sampling } = cases[0]!;
    const elements = cases[0]!.image.length;
    const augmenter = createAugmenter(gpu, {
      imageShape: [picture.height, picture.width, picture.channels],
      augmentation: [{ type: 'trivialAugmentWide', interpolation: interpolationOf(sampling) }],
    });
    const y = await augmenter.apply(
      Uint8Array.from(cases.flatMap(({ image }) => image)),
      cases.map(({ op, magnitude }) => ({ ops: [{ type: 'trivialAugmentWide', op, magnitude }] })),
    );
    cases.forEach((c, i) => {
      const mine = y.subarray(i * elements, (i + 1) * elements);
      expectCase(c, mine);
      expectTwin(c, mine);
    });
  });

  function expectTwin({ title, op, magnitude, picture, image, sampling }: PolicyCase, y: Float32Array) {
    const expected = applyPolicyOp(image, picture, op, magnitude, sampling);
    const where = policyWhere(op, magnitude, picture);
    const off = coordinatesOff(3 * (picture.height + picture.width));
    if (where) expectSampled(title, y, expected, image, picture, picture, where, off, sampling);
    // At most a mean of 63 sequential numbers, and a factor up to 2.
    else expectWithin(title, y, expected, 80 * 2 * unitRoundoff * 2 * 255);
  }
});

const picture: Picture = { height: 24, width: 20, channels: 3 };
const imageShape: [number, number, number] = [24, 20, 3];
const elements = 24 * 20 * 3;
/** Low contrast, so that there is something to stretch. */
const images = (n: number) => Uint8Array.from({ length: n * elements }, (_, i) => 40 + (((i * 7919) ^ (i >> 4)) % 160));

const listed: [string, OpConfig, slots: [op: string, magnitude: string][]][] = [
  ['randAugment', { type: 'randAugment', numOps: 2 }, [1, 2].map((i) => [`op${i}`, `magnitude${i}`])],
  ['trivialAugmentWide', { type: 'trivialAugmentWide' }, [['op', 'magnitude']]],
  ['autoAugment', { type: 'autoAugment' }, [1, 2].map((i) => [`op${i}`, `magnitude${i}`])],
];

test.each(listed)(
  '%s: every image has its own sampled ops, and the same parameters from JSON reproduce it',
  async (_, op, slots) => {
    const n = 96;
    const sampling: Sampling = { fillMode: 'gridConstant', cval: 90, interpolationOrder: 1 };
    const bilinear = { ...op, interpolation: 'bilinear', fill: 90 } as OpConfig;
    const augmentation: OpConfig[] = [bilinear, { type: 'randomHorizontalFlip' }];
    const augmenter = createAugmenter(gpu, { imageShape, augmentation, seed: 6 });
    const drawn = (await augmenter.draw({ epoch: 3, samples: upTo(n) })) as PipelineParameters[];
    const x = images(n);
    const y = await augmenter.apply(x, { epoch: 3, samples: upTo(n) });
    expectSame('from JSON', await augmenter.apply(x, JSON.parse(JSON.stringify(drawn))), y);

    const seen = new Set<string>();
    let compared = 0;
    drawn.forEach(({ ops: [policy, flip] }, i) => {
      let expected: ArrayLike<number> = x.subarray(i * elements, (i + 1) * elements);
      let rounded = false;
      for (const [name, magnitude] of slots) {
        const own = policy![name] as PolicyOp;
        // Ops that round to levels are discontinuous: after other arithmetic, their input never equals the twin's exactly.
        if (rounded && ['posterize', 'solarize', 'equalize'].includes(own)) return;
        expected = applyPolicyOp(expected, picture, own, policy![magnitude] as number, sampling);
        seen.add(own);
        if (!['identity', 'posterize', 'solarize', 'equalize', 'invert'].includes(own)) rounded = true;
      }
      compared++;
      const flipped = Float64Array.from(expected, (_, at) => {
        if (!flip!.applied) return expected[at]!;
        const column = Math.floor(at / 3) % 20;
        return expected[at + (19 - 2 * column) * 3]!;
      });
      // Twice the maximum slope of a bilinear surface times the coordinates' error; contrast magnifies it.
      const bound = 4 * 2 * 255 * coordinatesOff(3 * 44);
      expectWithin(JSON.stringify(policy), y.subarray(i * elements, (i + 1) * elements), flipped, bound);
    });
    expect(compared).toBeGreaterThan(n / 2);
    expect(seen.size).toBeGreaterThan(op.type === 'autoAugment' ? 10 : 12);
  },
);

test('a policy that is not applied leaves the image unchanged', async () => {
  const augmenter = createAugmenter(gpu, { imageShape, augmentation: [{ type: 'randAugment', p: 0.4 }], seed: 2 });
  const n = 64;
  const drawn = (await augmenter.draw({ epoch: 0, samples: upTo(n) })) as PipelineParameters[];
  const y = await augmenter.apply(images(n), { epoch: 0, samples: upTo(n) });
  const left = drawn.flatMap(({ ops: [op] }, i) => (op!.applied ? [] : [i]));
  expect(left.length).toBeGreaterThan(n / 4);
  for (const i of left) {
    expect(drawn[i]!.ops[0]).toMatchObject({ op1: 'identity', magnitude1: 0 });
    expectSame(
      `image ${i}`,
      y.subarray(i * elements, (i + 1) * elements),
      images(n).subarray(i * elements, (i + 1) * elements),
    );
  }
});

test('the returned matrix maps points along with the pixels', async () => {
  const augmenter = createAugmenter(gpu, {
    imageShape,
    augmentation: [{ type: 'randAugment', magnitude: 20 }],
    seed: 1,
  });
  const drawn = (await augmenter.draw({ epoch: 0, samples: upTo(64) })) as PipelineParameters[];
  for (const {
    ops: [op],
    matrix,
  } of drawn) {
    let whole: readonly [x: number, y: number] = [7, 5];
    for (const i of [2, 1]) {
      const where = policyWhere(op![`op${i}`] as PolicyOp, op![`magnitude${i}`] as number, picture);
      if (where) whole = where(whole[0], whole[1]);
    }
    const [x, y] = matrix!.map((row) => row[0]! * 7 + row[1]! * 5 + row[2]!);
    expectWithin('point', [x!, y!], whole, coordinatesOff(6 * 44));
  }
});

describe('100,000 samples', () => {
  const n = 100_000;
  const seed = 8;
  const square = [32, 32, 3] as [number, number, number];
  const drawsOf = (op: OpConfig) =>
    createAugmenter(gpu, { imageShape: square, augmentation: [op], seed }).draw({
      epoch: 0,
      samples: upTo(n),
    }) as Promise<PipelineParameters[]>;
  const rand = drawsOf({ type: 'randAugment' });
  const trivial = drawsOf({ type: 'trivialAugmentWide' });
  const auto = drawsOf({ type: 'autoAugment' });
  const randSpace = randAugmentSpace(31, { height: 32, width: 32 });
  const trivialSpace = trivialAugmentWideSpace(31);

  const numbers = (all: PipelineParameters[], field: string) =>
    Float64Array.from(all, ({ ops: [op] }) => {
      const value = op![field];
      return typeof value === 'string' ? policyOps.indexOf(value as PolicyOp) : (value as number);
    });
  /** How often each value of a list was sampled. */
  function counts(drawn: readonly number[], values: readonly number[]): number[] {
    const found = values.map(() => 0);
    for (const value of drawn) {
      const at = values.findIndex((v) => Math.abs(v - value) < 1e-4);
      if (at < 0) throw new Error(`${value} is none of ${values}`);
      found[at]!++;
    }
    return found;
  }
  const magnitudesOf = (all: PipelineParameters[], op: PolicyOp, [name, magnitude]: [string, string]) =>
    all.flatMap(({ ops: [own] }) => (own![name] === op ? [own![magnitude] as number] : []));

  test.each(['op1', 'op2'])('randAugment: each of 14 ops is as likely as %s', async (name) => {
    const values = [...randSpace.keys()].map((op) => policyOps.indexOf(op));
    expectDrawn(name, numbers(await rand, name), { from: 'choice', values });
  });

  test('randAugment: a single magnitude, with either sign', async () => {
    for (const op of randSpace.keys()) {
      const drawn = magnitudesOf(await rand, op, ['op1', 'magnitude1']);
      const values = choicesOf(randSpace, op, [9]);
      const found = counts(drawn, values);
      if (values.length > 1) expectEven(op, found, drawn.length);
    }
  });

  test('trivialAugmentWide: each of 14 ops, each of 31 magnitudes, either sign', async () => {
    const all = await trivial;
    expectDrawn('op', numbers(all, 'op'), { from: 'choice', values: upTo(14) });
    for (const op of trivialSpace.keys()) {
      const drawn = magnitudesOf(all, op, ['op', 'magnitude']);
      const choices = choicesOf(trivialSpace, op);
      const values = [...new Set(choices)];
      const found = counts(drawn, values);
      // Some values occur several times: 0 with either sign, whole pixels, bits.
      values.forEach((value, i) => {
        const p = choices.filter((other) => other === value).length / choices.length;
        const error = 5 * Math.sqrt((p * (1 - p)) / drawn.length) + 1e-12;
        expectWithin(`share of ${op} ${value}`, [found[i]! / drawn.length], [p], error);
      });
    }
  });

  test('autoAugment: each of 25 pairs, each op with its probability, either sign', async () => {
    const all = await auto;
    expectDrawn('subPolicy', numbers(all, 'subPolicy'), { from: 'integer', low: 0, high: 24 });
    const space = autoAugmentSpace({ height: 32, width: 32 });
    cifar10Policy.forEach((pair, subPolicy) => {
      const own = all.filter(({ ops: [op] }) => op!.subPolicy === subPolicy);
      pair.forEach(([op, p, bin], i) => {
        const [name, magnitude] = [`op${i + 1}`, `magnitude${i + 1}`];
        const applied = own.filter(({ ops: [drawn] }) => drawn![name] === op);
        const error = 5 * Math.sqrt((p * (1 - p)) / own.length);
        expectWithin(`${op} of ${subPolicy}`, [applied.length / own.length], [p], error);
        expect(own.every(({ ops: [drawn] }) => drawn![name] === op || drawn![name] === 'identity')).toBe(true);
        if (applied.length === 0) return;
        const values = [...new Set(choicesOf(space, op, bin === null ? [] : [bin]))];
        const found = counts(
          applied.map(({ ops: [drawn] }) => drawn![magnitude] as number),
          values,
        );
        if (values.length > 1) expectEven(`signs of ${op} of ${subPolicy}`, found, applied.length);
      });
    });
  });

  test('slots are independent of each other and of their arguments', async () => {
    const all = await rand;
    const autos = await auto;
    const isPositive = (field: string, of: PipelineParameters[]) =>
      numbers(of, field).map((value) => Number(value > 0) - Number(value < 0));
    const [op1, op2] = [numbers(all, 'op1'), numbers(all, 'op2')];
    expectIndependent({ op1, op2, trivial: numbers(await trivial, 'op'), subPolicy: numbers(autos, 'subPolicy') });
    // The sign is not independent of its op, because some ops have none.
    const [sign1, sign2] = [isPositive('magnitude1', all), isPositive('magnitude2', all)];
    expectIndependent({ op1, sign2 });
    expectIndependent({ op2, sign1 });
    expectIndependent({ sign1, sign2 });
    // Neighbors in the data set, and the same image in the next epoch.
    const next = (await createAugmenter(gpu, {
      imageShape: square,
      augmentation: [{ type: 'randAugment' }],
      seed,
    }).draw({ epoch: 1, samples: upTo(n) })) as PipelineParameters[];
    expectIndependent({ op1: op1.subarray(1), neighbour: op1.subarray(0, n - 1) });
    expectIndependent({ op1, sign2, nextEpoch: numbers(next, 'op1'), nextSign: isPositive('magnitude2', next) });
    // All pairs of ops, not only their correlation.
    const pairs = new Float64Array(14 * 14);
    op1.forEach((op, i) => {
      pairs[14 * op + op2[i]!]!++;
    });
    expectEven('pairs', pairs, n);
  });

  test('the samples match the twin', async () => {
    const space = autoAugmentSpace({ height: 32, width: 32 });
    for (const type of ['randAugment', 'trivialAugmentWide', 'autoAugment']) {
      const all = await { randAugment: rand, trivialAugmentWide: trivial, autoAugment: auto }[type]!;
      const op = parseAugmentation([{ type }], square).ops[0]!;
      for (const sample of [...upTo(50), n - 1]) {
        const key = { seed, epoch: 0, sample };
        const record = drawRecord(parseAugmentation([{ type }], square), key);
        if (type === 'autoAugment') {
          const rows = cifar10Policy[record[op.at + 1]!]!.map(([name, p, bin]): AutoAugmentRow => {
            const choices = choicesOf(space, name, bin === null ? [] : [bin]);
            return [policyOps.indexOf(name), p, choices[0]!, choices.at(-1)!];
          });
          record.set(drawAutoAugment(key, op.purpose + 5, rows as [AutoAugmentRow, AutoAugmentRow]).flat(), op.at + 2);
        }
        const found = all[sample]!.ops[0] as OpParameters;
        op.fields.forEach(({ name, as }, i) => {
          const value = record[op.at + 1 + i]!;
          if (as) expect([sample, name, found[name]]).toEqual([sample, name, policyOps[value]]);
          else expectWithin(name, [found[name] as number], [value], 2 * unitRoundoff * 300);
        });
      }
    }
  });
});
