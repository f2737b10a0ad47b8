import { describe, expect, test } from 'vitest';
import { type OpConfig, parseAugmentation } from '../../src/augment/pipeline.ts';
import { layOutputs, planPasses } from '../../src/augment/plan_passes.ts';

const affine = { type: 'randomAffine' as const, degrees: 10 };
const brightness = { type: 'colorJitter' as const, brightness: 0.5 };
const contrast = { type: 'colorJitter' as const, contrast: 0.5 };
const sharpness = { type: 'randomAdjustSharpness' as const, sharpnessFactor: 2 };
const flip = { type: 'randomHorizontalFlip' as const };
const invert = { type: 'randomInvert' as const };
const equalize = { type: 'randomEqualize' as const };
const blur = { type: 'gaussianBlur' as const, kernelSize: 5 };
const noise = { type: 'gaussianNoise' as const };
const erasing = { type: 'randomErasing' as const };
const autocontrast = { type: 'randomAutocontrast' as const };

/** Describes the parts of each pass, in order. */
function describePasses(augmentation: OpConfig[], imageShape = [32, 32, 3]): string[] {
  const { ops, from } = parseAugmentation(augmentation, imageShape);
  return planPasses(ops, from, false).map((pass) =>
    [
      ...(pass.statistics ? ['statistics'] : []),
      ...(pass.tables ? ['tables'] : []),
      ...pass.maps.map(({ op }) => op.type),
      ...(pass.filter ? [`${pass.filter.op.type} around`] : []),
      ...pass.pixels.map(({ op }) => op.type),
    ].join(', '),
  );
}

test.each<[string, OpConfig[], string[]]>([
  ['nothing', [], ['']],
  ['maps and colors share a pass', [affine, brightness, invert], ['randomAffine, colorJitter, randomInvert']],
  [
    'whatever their order',
    [invert, affine, brightness, flip],
    ['randomAffine, randomHorizontalFlip, randomInvert, colorJitter'],
  ],
  [
    'contrast must know the image first: one pass more',
    [affine, contrast, invert],
    ['randomAffine', 'statistics, colorJitter, randomInvert'],
  ],
  ['also where nothing comes before it: nobody knows the data set', [contrast], ['', 'statistics, colorJitter']],
  [
    'what comes before contrast in the drawn order joins the pass before',
    [invert, { ...brightness, ...contrast, hue: 0.1 }],
    ['randomInvert, colorJitter', 'statistics, colorJitter'],
  ],
  [
    'two that must know the image, each as it is then',
    [equalize, autocontrast, invert],
    ['', 'tables, randomEqualize', 'statistics, randomAutocontrast, randomInvert'],
  ],
  [
    'a map behind what must know the image',
    [autocontrast, flip],
    ['', 'statistics, randomAutocontrast', 'randomHorizontalFlip'],
  ],
  ['a filter reads the data set itself', [sharpness, invert], ['randomAdjustSharpness around, randomInvert']],
  ['a filter behind a map', [affine, sharpness], ['randomAffine', 'randomAdjustSharpness around']],
  ['a map behind a filter', [sharpness, affine], ['randomAdjustSharpness around', 'randomAffine']],
  ['two filters', [sharpness, sharpness], ['randomAdjustSharpness around', 'randomAdjustSharpness around']],
  [
    'a filter, then what must know what that gave',
    [sharpness, equalize],
    ['randomAdjustSharpness around', 'tables, randomEqualize'],
  ],
  [
    'a blur takes rows and columns one after the other',
    [blur, invert],
    ['gaussianBlur around', 'gaussianBlur around, randomInvert'],
  ],
  ['up to 3 x 3 both at once', [{ ...blur, kernelSize: 3 }], ['gaussianBlur around']],
  ['a kernel that has only columns has one pass', [{ ...blur, kernelSize: [3, 1] }], ['gaussianBlur around']],
  [
    'noise and rectangles join what comes before them',
    [affine, brightness, noise, erasing, { type: 'cutout', size: 4 }, { type: 'gridMask', d: 8 }],
    ['randomAffine, colorJitter, gaussianNoise, randomErasing, cutout, gridMask'],
  ],
  ['what depends on the place is not moved any more', [erasing, flip], ['randomErasing', 'randomHorizontalFlip']],
  [
    'an op of a policy is a pass that knows the image, comes through a map and goes on pixel by pixel',
    [{ type: 'randAugment', numOps: 2 }, invert],
    [
      '',
      'statistics, tables, randAugment, randAugment around',
      'statistics, tables, randAugment, randAugment around, randomInvert',
    ],
  ],
  [
    'a policy behind maps has the pass that it reads from them',
    [affine, { type: 'trivialAugmentWide' }, flip],
    ['randomAffine', 'statistics, tables, trivialAugmentWide, trivialAugmentWide around', 'randomHorizontalFlip'],
  ],
  [
    'what must know what a policy gave',
    [{ type: 'trivialAugmentWide' }, autocontrast],
    ['', 'statistics, tables, trivialAugmentWide, trivialAugmentWide around', 'statistics, randomAutocontrast'],
  ],
  ['another order of three channels', [{ type: 'randomChannelPermutation' }], ['randomChannelPermutation']],
])('passes: %s', (_, augmentation, passes) => {
  expect(describePasses(augmentation)).toEqual(passes);
});

test('with more than four channels, another channel is read from the image like a neighboring pixel', () => {
  expect(describePasses([invert, { type: 'randomChannelPermutation' }], [32, 32, 5])).toEqual([
    'randomInvert',
    'randomChannelPermutation around',
  ]);
});

test('for validation, ops that sample parameters leave no pass', () => {
  const { ops, from } = parseAugmentation([affine, contrast, sharpness, equalize], [32, 32, 3], { rescale: 1 / 255 });
  expect(planPasses(ops, from, true).map(({ pixels }) => pixels.map(({ op }) => op.type))).toEqual([['rescale']]);
});

describe('augMix', () => {
  const planOf = (augmentation: OpConfig[]) => {
    const { ops, from } = parseAugmentation(augmentation, [32, 32, 3]);
    return planPasses(ops, from, false);
  };
  const passes = planOf([flip, { type: 'augMix', mixtureWidth: 3, chainDepth: 2 }, invert]);

  test('every chain starts with the original image, and is added to the sum of the previous chains', () => {
    expect(
      passes.map(({ reads, beside, pixels }) => ({ reads, beside, pixels: pixels.map(({ op }) => op.type) })),
    ).toEqual([
      { reads: -1, beside: undefined, pixels: [] },
      { reads: 0, beside: undefined, pixels: [] },
      { reads: 1, beside: 0, pixels: ['augMix'] },
      { reads: 0, beside: undefined, pixels: [] },
      { reads: 3, beside: 2, pixels: ['augMix'] },
      { reads: 0, beside: undefined, pixels: [] },
      { reads: 5, beside: 4, pixels: ['augMix', 'randomInvert'] },
    ]);
  });

  test('by default, 3 chains of up to 3 ops need 9 passes and the pass that they read', () => {
    expect(planOf([{ type: 'augMix' }])).toHaveLength(10);
  });

  test('no buffer is overwritten before its last reader, and there are no more buffers than necessary', () => {
    for (const plan of [
      passes,
      planOf([{ type: 'augMix' }, { type: 'augMix', mixtureWidth: 1 }]),
      planOf([contrast, equalize, sharpness]),
    ]) {
      const buffers = layOutputs(plan);
      plan.forEach((pass, i) => {
        for (const read of [pass.reads, pass.beside ?? -1]) {
          if (read < 0) continue;
          expect(buffers.slice(read + 1, i + 1)).not.toContain(buffers[read]);
        }
      });
    }
    expect(new Set(layOutputs(passes)).size).toBe(4);
    expect(layOutputs(planOf([contrast, equalize, sharpness, equalize]))).toEqual([0, 1, 0, 1, 0]);
  });
});
