import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { OpOptionsByType, OpType } from '../../src/augment/op_options.ts';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { describeAugmentation } from '../../src/index.ts';

const facts = describeAugmentation();
const optionOf = (type: string, name: string) =>
  facts.ops.find((op) => op.type === type)?.options.find((option) => option.name === name);

describe('the description of an augmentation', () => {
  test('kinds, defaults and limits match the schemas', () => {
    expect(optionOf('randomHorizontalFlip', 'p')).toEqual({
      name: 'p',
      kind: 'number',
      default: 0.5,
      least: 0,
      most: 1,
    });
    expect(optionOf('randomRotation', 'degrees')).toEqual({ name: 'degrees', kind: 'numberOrRange', least: 0 });
    expect(optionOf('randomAffine', 'scale')).toEqual({ name: 'scale', kind: 'range', default: [1, 1], least: 1e-6 });
    expect(optionOf('randAugment', 'numOps')).toMatchObject({ kind: 'integer', default: 2, least: 1, most: 16 });
    expect(optionOf('randomCrop', 'padIfNeeded')).toMatchObject({ kind: 'boolean', default: false });
    expect(optionOf('randomAffine', 'fillMode')).toMatchObject({
      kind: 'choice',
      choices: expect.arrayContaining(['wrap']),
    });
    expect(facts.generator.find(({ name }) => name === 'rotationRange')).toEqual({
      name: 'rotationRange',
      kind: 'number',
      default: 0,
      least: 0,
    });
  });

  test.each([
    [
      [{ type: 'randomInvert' }, { type: 'randomRotation', degrees: 'much' }],
      [1, 'degrees'],
    ],
    [
      [{ type: 'randomInvert' }, { type: 'randomRotation' }],
      [1, 'degrees'],
    ],
    [[{ type: 'randomInvert', often: true }], [0, 'often']],
    [[{ type: 'randomInvert' }, { type: 'randomInvrt' }], [1]],
    [[{ type: 'randomInvert' }, { type: 'randomGrayscale' }], [1]], // For gray images.
    [[{ type: 'mixUp' }, { type: 'randomInvert' }], [0]],
    [
      [
        { type: 'randomCrop', size: 24 },
        { type: 'randomCrop', size: 28 },
      ],
      [1],
    ], // For the output of the first op.
    [{ rotationRange: -1 }, ['rotationRange']],
    [{ zoomRange: [1.2, 0.8] }, ['zoomRange']],
    [{ widthShiftRange: ['far'] }, ['widthShiftRange']],
    [{ subset: 'training' }, ['subset']],
  ])('an error contains its path: %j', (augmentation, place) => {
    expect(() => parseAugmentation(augmentation, [32, 32, 1])).toThrow(
      expect.objectContaining({ parts: expect.objectContaining({ place }) }),
    );
  });

  test('every op and argument is described with its options', () => {
    expect(facts.ops.length).toBeGreaterThan(28);
    for (const { type, options } of facts.ops) expect(options.length, type).toBeGreaterThan(0);
    expect(facts.generator.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['zoomRange', 'fillMode', 'compat']),
    );
  });

  test('the ends of a range are accepted, and values beyond them are rejected', () => {
    const shape = [32, 32, 3];
    for (const { type, options } of facts.ops) {
      const needed = Object.fromEntries(
        options
          .filter((option) => option.default === undefined)
          .map(({ name }) => [name, name === 'center' ? [16, 16] : 8]),
      );
      for (const { name, kind, least, most } of options) {
        if (kind !== 'number' && kind !== 'integer') continue;
        const parse = (value: number) => () => parseAugmentation([{ type, ...needed, [name]: value }], shape);
        if (least !== undefined) expect(parse(least - 1), `${type}.${name}`).toThrow(name);
        if (most !== undefined) expect(parse(most + 1), `${type}.${name}`).toThrow(name);
      }
    }
  });
});

/** The names in the documented interfaces: the type checker requires all of them and accepts no others. */
type Names = { [T in OpType]: Record<keyof Required<OpOptionsByType[T]>, true> };
const p = { p: true } as const;
const moved = { ...p, interpolation: true, fillMode: true, fill: true } as const;
const named: Names = {
  randomCrop: { size: true, padding: true, padIfNeeded: true, fill: true, paddingMode: true, ...p },
  randomResizedCrop: { size: true, scale: true, ratio: true, interpolation: true, ...p },
  randomHorizontalFlip: p,
  randomVerticalFlip: p,
  randomAffine: { degrees: true, translate: true, scale: true, shear: true, center: true, ...moved },
  randomRotation: { degrees: true, center: true, ...moved },
  randomPerspective: { distortionScale: true, ...moved },
  randomRotate90: { turns: true, ...p },
  elasticTransform: { alpha: true, sigma: true, ...moved },
  colorJitter: { brightness: true, contrast: true, saturation: true, hue: true, ...p },
  randomGamma: { gamma: true, gain: true, ...p },
  randomGrayscale: p,
  randomInvert: p,
  randomSolarize: { threshold: true, ...p },
  randomPosterize: { bits: true, ...p },
  randomEqualize: p,
  randomAutocontrast: p,
  randomAdjustSharpness: { sharpnessFactor: true, ...p },
  randomChannelPermutation: p,
  randomChannelDrop: { channels: true, fill: true, ...p },
  gaussianBlur: { kernelSize: true, sigma: true, ...p },
  gaussianNoise: { mean: true, sigma: true, clip: true, ...p },
  saltAndPepper: { amount: true, saltVsPepper: true, ...p },
  randomErasing: { scale: true, ratio: true, value: true, ...p },
  cutout: { size: true, value: true, ...p },
  gridMask: { d: true, ratio: true, value: true, ...p },
  randAugment: { numOps: true, magnitude: true, numMagnitudeBins: true, ...moved },
  trivialAugmentWide: { numMagnitudeBins: true, ...moved },
  autoAugment: { policy: true, ...moved },
  augMix: { severity: true, mixtureWidth: true, chainDepth: true, alpha: true, allOps: true, ...moved },
  mixUp: { alpha: true, ...p },
  cutMix: { alpha: true, ...p },
};

test.each(describeAugmentation().ops)('the type of $type has the same options as its schema', ({ type, options }) => {
  expect(Object.keys(named[type as OpType]).sort()).toEqual(options.map(({ name }) => name).sort());
});

/** The documentation of each option, by name, for an interface and those that it extends. */
function documented(options: string): Map<string, string> {
  const found = new Map<string, string>();
  const [, base, body] = new RegExp(`interface ${options}(?: extends (\\w+))? \\{([\\s\\S]*?)\\n\\}`).exec(source)!;
  if (base) for (const [name, text] of documented(base)) found.set(name, text);
  for (const [, text, name] of body!.matchAll(/\/\*\*([\s\S]*?)\*\/\s*(\w+)\??:/g)) found.set(name!, text!);
  return found;
}
const source = readFileSync('src/augment/op_options.ts', 'utf8');

test.each(describeAugmentation().ops)(
  'the documented defaults of $type are those of its schema',
  ({ type, options }) => {
    const [, name] = new RegExp(`^  ${type}: (\\w+);`, 'm').exec(source)!;
    const texts = documented(name!);
    for (const { name, default: value } of options) {
      // All ops have `p`: its documentation states the usual default, and an interface's own documentation states deviations.
      if (name === 'p' || name === 'interpolation' || value === undefined) continue;
      expect(texts.get(name), name).toMatch(/default/i);
      if (typeof value === 'number') expect(texts.get(name), name).toContain(String(value));
    }
  },
);
