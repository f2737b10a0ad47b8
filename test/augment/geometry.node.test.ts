import { describe, expect, test } from 'vitest';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { elasticDisplacements } from '../../src/reference/augment_geometry.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { blurredNoise, type GeometryCase, pillowCases, torchvisionCases } from '../fixtures/torchvision_geometry.ts';
import { applyTwin, settled } from './geometry_twin.ts';

describe('the twin', () => {
  const expectCase = (c: GeometryCase, bound: number) => {
    const y = applyTwin(c.type, c.options, c.parameters, c.image, c.picture, c.to);
    const at = settled(c);
    expect(at.length).toBeGreaterThan(0.75 * y.length);
    const pick = (numbers: ArrayLike<number>) => at.map((i) => numbers[i]!);
    expectWithin('y', pick(y), pick(c.expected), bound);
  };

  // 1e-5 of white in a float image; torchvision computes some coordinates in float32.
  test.each(torchvisionCases.map((c) => [c.title, c] as const))('torchvision: %s', (_, c) => expectCase(c, 255e-5));

  // Copied pixels are equal; Pillow rounds interpolated ones to bytes, with weights that are rounded too.
  test.each(pillowCases.map((c) => [c.title, c] as const))('Pillow: %s', (_, c) =>
    expectCase(c, c.options.interpolation === 'nearest' ? 0 : 1),
  );
});

test.each(blurredNoise)('elasticTransform smooths its noise as torchvision does: sigma $sigma', (of) => {
  const { height, width, alpha, sigma, noise, displacements } = of;
  const y = elasticDisplacements(noise, { height, width }, alpha as [number, number], sigma as [number, number]);
  // torchvision's weights are float32.
  expectWithin('displacements', y, displacements, 1e-5);
});

describe('the sampled fields of a crop', () => {
  const fieldsOf = (op: object, imageShape = [20, 30, 1]) =>
    parseAugmentation([op], imageShape).ops[0]!.fields.map(({ name, draw, identity }) => ({ name, draw, identity }));
  const whole = (low: number, high: number) => ({ from: 'integer', low, high });

  test.each<[string, object, { top: [number, number, number]; left: [number, number, number] }, number[]?]>([
    ['inside of the image', { size: [10, 12] }, { top: [0, 10, 5], left: [0, 18, 9] }],
    ['one number is a square', { size: 16 }, { top: [0, 4, 2], left: [0, 14, 7] }],
    ['a border all around', { size: 20, padding: 4 }, { top: [-4, 4, 0], left: [-4, 14, 5] }],
    ['two borders', { size: [20, 30], padding: [2, 3] }, { top: [-3, 3, 0], left: [-2, 2, 0] }],
    ['four borders', { size: [20, 30], padding: [1, 2, 3, 4] }, { top: [-2, 4, 0], left: [-1, 3, 0] }],
    ['padded as needed', { size: [26, 20], padIfNeeded: true }, { top: [-6, 0, -3], left: [0, 10, 5] }],
    ['halves go to the even place', { size: [19, 27] }, { top: [0, 1, 0], left: [0, 3, 2] }],
    ['a larger crop, halves', { size: [23, 30], padIfNeeded: true }, { top: [-3, 0, -1], left: [0, 0, 0] }],
  ])('%s', (_, options, expected) => {
    const of = ([low, high, identity]: [number, number, number]) => ({
      draw: low === high ? { from: 'constant', value: low } : whole(low, high),
      identity,
    });
    expect(fieldsOf({ type: 'randomCrop', ...options })).toEqual([
      { name: 'top', ...of(expected.top) },
      { name: 'left', ...of(expected.left) },
    ]);
  });

  test('an image that is not augmented is resized as a whole', () => {
    const op = { type: 'randomResizedCrop', size: [4, 5] };
    expect(fieldsOf(op).map(({ identity = 0 }) => identity)).toEqual([0, 0, 20, 30]);
    expect(parseAugmentation([op], [20, 30, 3]).to).toEqual({ height: 4, width: 5, channels: 3 });
  });
});

describe('rejected', () => {
  const imageShape = [20, 30, 3];
  test.each<[string, object, ...RegExp[]]>([
    ['a crop without a size', { type: 'randomCrop' }, /op 1 \(randomCrop\) lacks size/],
    ['a size of nothing', { type: 'randomCrop', size: 0 }, /size is invalid/, /found: 0/, /from 1 to 4096/],
    ['half a pixel', { type: 'randomCrop', size: [10, 1.5] }, /size/, /a pair \[height, width\]/],
    ['a size of three', { type: 'randomCrop', size: [1, 2, 3] }, /size/, /found: \[1,2,3\]/],
    ['larger than the image', { type: 'randomCrop', size: [20, 31] }, /size is larger/, /20 x 30/, /padIfNeeded/],
    ['larger than the padded image', { type: 'randomCrop', size: 32, padding: [1, 5] }, /larger/, /30 x 32/],
    ['a border below 0', { type: 'randomCrop', size: 4, padding: -1 }, /padding/, /found: -1/, /from 0 to/],
    ['three borders', { type: 'randomCrop', size: 4, padding: [1, 2, 3] }, /padding/, /left, top, right, bottom/],
    ['a padding mode', { type: 'randomCrop', size: 4, paddingMode: 'edg' }, /paddingMode/, /did you mean "edge"/],
    ["SciPy's name of one", { type: 'randomCrop', size: 4, paddingMode: 'nearest' }, /paddingMode/, /symmetric/],
    ['a fill', { type: 'randomCrop', size: 4, fill: Number.NaN }, /fill/, /finite/],
    ['a flag that is a number', { type: 'randomCrop', size: 4, padIfNeeded: 1 }, /padIfNeeded/, /true or false/],
    ['a probability', { type: 'randomCrop', size: 4, p: 1.5 }, /p is invalid/, /from 0 to 1/],
    ['an option', { type: 'randomCrop', size: 4, pad: 3 }, /no option pad/, /padding/],
    ['a scale the wrong way round', { type: 'randomResizedCrop', size: 4, scale: [1, 0.5] }, /scale/, /low <= high/],
    ['more than the image', { type: 'randomResizedCrop', size: 4, scale: [0.5, 2] }, /scale/, /high <= 1/],
    ['no area', { type: 'randomResizedCrop', size: 4, scale: [0, 1] }, /scale/, /found: \[0,1\]/],
    ['no ratio', { type: 'randomResizedCrop', size: 4, ratio: [0, 1] }, /ratio/, /found: \[0,1\]/],
    ['a ratio the wrong way round', { type: 'randomResizedCrop', size: 4, ratio: [2, 1] }, /ratio/, /low <= high/],
    ['bicubic', { type: 'randomResizedCrop', size: 4, interpolation: 'bicubic' }, /interpolation/, /bilinear/],
    ['degrees below 0', { type: 'randomAffine', degrees: -5 }, /degrees/, /found: -5/, /a number >= 0, or degrees/],
    ['degrees the wrong way round', { type: 'randomRotation', degrees: [5, -5] }, /degrees/, /low <= high/],
    ['a rotation by nothing', { type: 'randomRotation' }, /lacks degrees/],
    ['expand', { type: 'randomRotation', degrees: 5, expand: true }, /no option expand/],
    ['a centre of one number', { type: 'randomRotation', degrees: 5, center: [3] }, /center/],
    [
      'a shift further than the image',
      { type: 'randomAffine', translate: [0.1, 1.5] },
      /translate/,
      /found: 1\.5/,
      /0 to 1/,
    ],
    ['a shift of one number', { type: 'randomAffine', translate: 0.1 }, /translate/, /found: 0\.1/],
    ['a scale of nothing', { type: 'randomAffine', scale: [0, 1] }, /scale/, /found: \[0,1\]/],
    ['three shears', { type: 'randomAffine', shear: [1, 2, 3] }, /shear/, /along x and y/],
    [
      'a shear the wrong way round',
      { type: 'randomAffine', shear: [1, 2, 3, -3] },
      /shear has its bounds in the wrong order/,
      /low <= high/,
    ],
    ['a shear to a line', { type: 'randomAffine', shear: 90 }, /shear/, /-89 to 89/],
    ['bicubic turns', { type: 'randomAffine', interpolation: 'bicubic' }, /interpolation/, /bilinear/],
    ['a fill mode', { type: 'randomAffine', fillMode: 'miror' }, /fillMode/, /did you mean "mirror"/],
    ['an infinite fill', { type: 'randomRotation', degrees: 5, fill: Infinity }, /fill/, /finite/],
    ['a distortion above 1', { type: 'randomPerspective', distortionScale: 1.1 }, /distortionScale/, /0 to 1/],
    ['alpha below 0', { type: 'elasticTransform', alpha: -1 }, /alpha/, /found: -1/, /for x and y/],
    ['three alphas', { type: 'elasticTransform', alpha: [1, 2, 3] }, /alpha/, /for x and y/],
    ['sigma without end', { type: 'elasticTransform', sigma: 1000 }, /sigma/, /0 to 100/],
    ['smoothed along one axis', { type: 'elasticTransform', sigma: [0, 3] }, /only one axis/, /sigma 0, 3/],
    ['a quarter turn', { type: 'randomRotate90' }, /swaps height and width/, /20 x 30/, /\[0, 2\]/],
    ['a fifth turn', { type: 'randomRotate90', turns: [4] }, /turns/, /found: 4/, /0 to 3/],
    ['no turn', { type: 'randomRotate90', turns: [] }, /turns/, /at least one/],
    ['a flip that is likelier than certain', { type: 'randomVerticalFlip', p: 2 }, /p is invalid/],
    ['a misspelt flip', { type: 'randomHorizontalFlp' }, /unknown type/, /did you mean "randomHorizontalFlip"/],
    ['antialias', { type: 'randomResizedCrop', size: 4, antialias: true }, /no option antialias/],
  ])('%s', (_, op, ...words) => {
    const error = thrownBy(() => parseAugmentation([op], imageShape));
    expect(error).toBeInstanceOf(ConfigurationError);
    for (const word of words) expect(error.message).toMatch(word);
  });
});

test('a perspective of an image with a single row is rejected', () => {
  const error = thrownBy(() => parseAugmentation([{ type: 'randomPerspective' }], [1, 9, 3]));
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toMatch(/no corners.*\n.*1 x 9 pixels/);
});

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
