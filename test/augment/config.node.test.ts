import { expect, test } from 'vitest';
import { isIdentity, parseAugmentation } from '../../src/augment/config.ts';
import { fillParameters, identityParameters } from '../../src/augment/matrix.ts';
import { ConfigurationError } from '../../src/errors.ts';

const imageShape = [20, 30, 1];

test("what is left out is Keras' default, which moves nothing", () => {
  const a = parseAugmentation({}, imageShape);
  expect(a).toEqual({
    rotationRange: 0,
    heightShift: 0,
    widthShift: 0,
    shearRange: 0,
    zoomRange: [1, 1],
    horizontalFlip: false,
    verticalFlip: false,
    fillMode: 'nearest',
    cval: 0,
    interpolationOrder: 1,
    rescale: 1,
    compat: 'corrected',
  });
  expect(isIdentity(a)).toBe(true);
});

test('a shift below 1 is a share of its own axis, else pixels; a zoom is a pair', () => {
  const a = parseAugmentation({ heightShiftRange: 0.1, widthShiftRange: 0.1, zoomRange: 0.2 }, imageShape);
  expect([a.heightShift, a.widthShift, a.zoomRange]).toEqual([2, 3, [0.8, 1.2]]);
  const b = parseAugmentation({ heightShiftRange: 1, widthShiftRange: 2.5, zoomRange: [0.5, 3] }, imageShape);
  expect([b.heightShift, b.widthShift, b.zoomRange]).toEqual([1, 2.5, [0.5, 3]]);
});

test.each([
  { rotationRange: 1 },
  { heightShiftRange: 0.1 },
  { widthShiftRange: 3 },
  { shearRange: 0.1 },
  { zoomRange: 0.1 },
  { zoomRange: [1, 1.1] },
  { horizontalFlip: true },
  { verticalFlip: true },
])('%j is not the identity', (config) => {
  expect(isIdentity(parseAugmentation(config, imageShape))).toBe(false);
});

test.each<[string, unknown, ...RegExp[]]>([
  ['an unknown option', { rotationRnge: 3 }, /has no option rotationRnge/, /did you mean "rotationRange"/],
  ["Keras' own spelling", { rotation_range: 3 }, /has no option rotation_range/, /"rotationRange"/],
  ['a negative range', { rotationRange: -1 }, /rotationRange makes no sense/, /found: -1/, /wanted: a number >= 0/],
  ['a text for a number', { shearRange: '3' }, /shearRange/, /found: "3"/, /wanted: a number >= 0/],
  ['not a number', { widthShiftRange: Number.NaN }, /widthShiftRange/, /found: NaN/],
  ['an infinite one', { heightShiftRange: Infinity }, /heightShiftRange/, /found: Infinity/],
  ['a zoom above 1', { zoomRange: 1.5 }, /zoomRange/, /found: 1\.5/, /a number from 0 to 1, or a pair/],
  ['a zoom of three', { zoomRange: [1, 2, 3] }, /zoomRange/, /found: \[1,2,3\]/, /a pair/],
  ['a zoom to nothing', { zoomRange: [0, 1] }, /zoomRange/, /positive/],
  ['a zoom the wrong way round', { zoomRange: [1.2, 0.8] }, /wrong way round/, /found: \[1\.2,0\.8\]/, /low <= high/],
  ['an unknown fill mode', { fillMode: 'nearst' }, /fillMode/, /found: "nearst"/, /did you mean "nearest"/],
  ['a spline', { interpolationOrder: 3 }, /interpolationOrder/, /found: 3/, /0 or 1/],
  ['a flip that is a number', { horizontalFlip: 1 }, /horizontalFlip/, /found: 1/, /boolean/],
  ['an infinite cval', { cval: Infinity }, /cval/, /finite number/],
  ['rescale not a number', { rescale: Number.NaN }, /rescale/, /finite number/],
  ['an unknown compat', { compat: 'kera' }, /compat/, /did you mean "keras"/],
  ['not an object', 3, /augmentation/, /found: 3/],
  ['nothing', null, /augmentation/, /found: null/],
])('refused: %s', (_, config, ...words) => {
  const error = thrownBy(() => parseAugmentation(config, imageShape));
  expect(error).toBeInstanceOf(ConfigurationError);
  for (const word of words) expect(error.message).toMatch(word);
});

test('parameters are filled with the identity, flips may be 0 and 1', () => {
  expect(fillParameters({ theta: 3, flipHorizontal: 1 as never }, 0)).toEqual({
    ...identityParameters,
    theta: 3,
    flipHorizontal: true,
  });
});

test.each<[string, unknown, RegExp, RegExp]>([
  ['an unknown name', { teta: 3 }, /image 7 have no teta/, /did you mean "theta"/],
  ['a text', { theta: '3' }, /theta of image 7/, /wanted: a number/],
  ['not a number', { zx: Number.NaN }, /zx of image 7/, /found: NaN/],
  ['a flip of 2', { flipVertical: 2 }, /flipVertical of image 7/, /wanted: a boolean/],
  ['nothing', undefined, /image 7/, /found: undefined/],
])('parameters refused: %s', (_, given, ...words) => {
  const error = thrownBy(() => fillParameters(given as never, 7));
  expect(error).toBeInstanceOf(ConfigurationError);
  for (const word of words) expect(error.message).toMatch(word);
});

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
