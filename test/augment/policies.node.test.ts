import { describe, expect, test } from 'vitest';
import {
  appliedOf,
  augMixSpace,
  autoAugmentSpace,
  choicesOf,
  cifar10Policy,
  type PolicySpace,
  policyOps,
  randAugmentSpace,
  trivialAugmentWideSpace,
} from '../../src/augment/ops/policy_tables.ts';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { applyPolicyOp } from '../../src/reference/augment_policies.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import fixture from '../fixtures/torchvision_policies.json';
import { expectCase, policyCases } from './policy_cases.ts';

type Table = Record<string, { values: number[]; signed: boolean }>;
type Size = { height: number; width: number };

const spaces: Record<string, (bins: number, size: Size) => PolicySpace> = {
  randAugment: randAugmentSpace,
  trivialAugmentWide: trivialAugmentWideSpace,
  autoAugment: (_, size) => autoAugmentSpace(size),
  augMix: (_, size) => augMixSpace(size, true),
  augMixNotAllOps: (_, size) => augMixSpace(size, false),
};

describe("torchvision's tables", () => {
  expect(fixture.spaces).toHaveLength(20);

  test.each(fixture.spaces.map((s) => [`${s.policy}, ${s.bins} bins, ${s.height} x ${s.width}`, s] as const))(
    '%s',
    (_, s) => {
      const space = spaces[s.policy]!(s.bins, s);
      const table: Table = JSON.parse(JSON.stringify(s.table));
      expect([...space.keys()].sort()).toEqual(Object.keys(table).sort());
      for (const [op, magnitudes] of space) {
        const { values, signed } = table[op]!;
        // torch.linspace rounds to float32; whole bits are exact.
        expectWithin(op, magnitudes?.values ?? [], values, op === 'posterize' ? 0 : 1e-6 * Math.max(...values, 1));
        if (magnitudes) expect([op, magnitudes.signed]).toEqual([op, signed]);
        if (!op.startsWith('translate')) continue;
        for (const sign of [1, -1]) {
          const applied = magnitudes!.values.map((value) => appliedOf(op, sign * value));
          expect(applied).toEqual(values.map((value) => Math.trunc(sign * value) + 0));
        }
      }
    },
  );

  test("AutoAugment's policy for CIFAR-10", () => {
    expect(cifar10Policy).toEqual(fixture.cifar10);
  });

  test('the applied arguments: whole pixels, a factor around 1, either sign for signed ops', () => {
    const space = randAugmentSpace(31, { height: 32, width: 32 });
    expect(choicesOf(space, 'translateX', [9])).toEqual([4, -4]);
    expect(choicesOf(space, 'contrast', [10])).toEqual([1.3, 0.7]);
    expect(choicesOf(space, 'posterize', [9])).toEqual([7]);
    expect(choicesOf(space, 'solarize', [9])).toEqual([178.5]);
    expect(choicesOf(space, 'equalize', [9])).toEqual([0]);
    expect(choicesOf(space, 'rotate')).toHaveLength(62);
  });
});

test.each(policyCases.map((c) => [c.title, c] as const))('the twin matches torchvision: %s', (_, c) => {
  expectCase(c, applyPolicyOp(c.image, c.picture, c.op, c.magnitude, c.sampling));
});

const rgb = [32, 32, 3];
const compile = (op: object, imageShape = rgb) => parseAugmentation([op], imageShape).ops[0]!;

test('the numbers of the ops, on which the samples depend, never change', () => {
  const types = ['randAugment', 'trivialAugmentWide', 'autoAugment', 'augMix'];
  expect(types.map((type) => compile({ type }).code)).toEqual([80, 81, 82, 83]);
});

test("torchvision's defaults", () => {
  const { p, fields } = compile({ type: 'randAugment' });
  expect(p).toBe(1);
  expect(fields.map(({ name }) => name)).toEqual(['op1', 'magnitude1', 'op2', 'magnitude2']);
  const magnitude = fields[1]!.draw;
  if (magnitude?.from !== 'choiceBy') throw new Error('a magnitude is drawn by its op');
  expect(magnitude.values[policyOps.indexOf('rotate')]).toEqual([9, -9]);
  expect(magnitude.values[policyOps.indexOf('invert')]).toEqual([0]);
  const drawn = fields[0]!.draw;
  expect(drawn).toEqual({ from: 'choice', values: policyOps.map((_, i) => i).slice(0, 14) });
});

test.each<[string, object, number[], ...RegExp[]]>([
  ['gray', { type: 'randAugment' }, [28, 28, 1], /op 1 \(randAugment\): it adjusts colors/, /1 channel"/, /single ops/],
  ['five channels', { type: 'trivialAugmentWide' }, [28, 28, 5], /5 channels/, /3 channels: red, green, blue/],
  ['gray', { type: 'autoAugment' }, [28, 28, 1], /autoAugment/, /1 channel"/],
  ['a bin too far', { type: 'randAugment', magnitude: 31 }, rgb, /magnitude is the index/, /found: 31/, /0 to .* 30/],
  ['a bin of fewer', { type: 'randAugment', magnitude: 9, numMagnitudeBins: 5 }, rgb, /found: 9/, /= 4/],
  ['a negative bin', { type: 'randAugment', magnitude: -1 }, rgb, /magnitude/, /found: -1/],
  ['half a bin', { type: 'randAugment', magnitude: 4.5 }, rgb, /magnitude/, /an integer/],
  ['no op', { type: 'randAugment', numOps: 0 }, rgb, /numOps/, /found: 0/, /from 1 to 16/],
  ['one bin', { type: 'trivialAugmentWide', numMagnitudeBins: 1 }, rgb, /numMagnitudeBins/, /from 2/],
  ['magnitude of all', { type: 'trivialAugmentWide', magnitude: 3 }, rgb, /no option magnitude/],
  ['an unknown policy', { type: 'autoAugment', policy: 'cifar' }, rgb, /policy/, /found: "cifar"/, /cifar10/],
  ['a probability', { type: 'autoAugment', p: 2 }, rgb, /p is invalid/, /found: 2/],
  ['cubic', { type: 'randAugment', interpolation: 'bicubic' }, rgb, /interpolation/, /nearest/, /bilinear/],
  ['gray', { type: 'augMix' }, [28, 28, 1], /augMix/, /1 channel"/],
  ['too severe', { type: 'augMix', severity: 11 }, rgb, /severity/, /found: 11/, /from 1 to 10/],
  ['no severity', { type: 'augMix', severity: 0 }, rgb, /severity/, /found: 0/],
  ['no chain', { type: 'augMix', mixtureWidth: 0 }, rgb, /mixtureWidth/, /from 1 to 8/],
  ['an empty chain', { type: 'augMix', chainDepth: 0 }, rgb, /chainDepth/, /found: 0/, /1 to 8, or -1: from 1 to 3/],
  ['a chain of minus two', { type: 'augMix', chainDepth: -2 }, rgb, /chainDepth/, /found: -2/],
  ['alpha of nothing', { type: 'augMix', alpha: 0 }, rgb, /alpha/, /found: 0/, /from 0.01/],
  ['all of the ops, or how many', { type: 'augMix', allOps: 9 }, rgb, /allOps/, /a boolean/],
  ['a misspelt type', { type: 'randaugment' }, rgb, /did you mean "randAugment"/],
])('rejected: %s in %j', (_, op, imageShape, ...words) => {
  const call = () => compile(op, imageShape);
  expect(call).toThrow(ConfigurationError);
  for (const word of words) expect(call).toThrow(word);
});
