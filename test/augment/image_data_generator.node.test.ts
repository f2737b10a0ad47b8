import { expect, test } from 'vitest';
import { packParameters, type SampleParameters } from '../../src/augment/parameters.ts';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { ConfigurationError } from '../../src/errors.ts';

const imageShape = [20, 30, 1];
const nothing = {
  theta: { from: 'constant', value: 0 },
  tx: { from: 'constant', value: 0 },
  ty: { from: 'constant', value: 0 },
  shear: { from: 'constant', value: 0 },
  zx: { from: 'constant', value: 1 },
  zy: { from: 'constant', value: 1 },
  flipHorizontal: { from: 'constant', value: 0 },
  flipVertical: { from: 'constant', value: 0 },
};
const drawsOf = (config: unknown) =>
  Object.fromEntries(parseAugmentation(config, imageShape).ops[0]!.fields.map(({ name, draw }) => [name, draw]));

test("omitted arguments have Keras' defaults: nothing moves, and pixels are taken from the nearest position", () => {
  const { ops, from, to } = parseAugmentation({}, imageShape);
  expect(drawsOf({})).toEqual(nothing);
  // A channel shift and a brightness can be given but are never sampled.
  expect(ops.map(({ type, p }) => [type, p])).toEqual([
    ['imageDataGenerator', 1],
    ['channelShift', 0],
    ['brightness', 0],
  ]);
  expect(ops[0]!.steps[0]).toMatchObject({ sampling: { fillMode: 'nearest', cval: 0, interpolationOrder: 1 } });
  expect([from, to]).toEqual([from, from]);
});

const uniform = (low: number, high: number) => ({ from: 'uniform', low, high });
const half = { from: 'chance', p: 0.5 };

test.each([
  [{ rotationRange: 1 }, { theta: uniform(-1, 1) }],
  [{ heightShiftRange: 0.1 }, { tx: uniform(-2, 2) }],
  [{ heightShiftRange: 1 }, {}],
  [{ heightShiftRange: 3 }, { tx: { from: 'signedChoice', values: [0, 1, 2] } }],
  [{ heightShiftRange: [-2, 5] }, { tx: { from: 'signedChoice', values: [-2, 5] } }],
  [{ widthShiftRange: [-0.25, 0.5] }, { ty: { from: 'signedChoice', values: [-7.5, 15] } }],
  [{ widthShiftRange: 0.1 }, { ty: uniform(-3, 3) }],
  [{ widthShiftRange: 2.5 }, { ty: uniform(-2.5, 2.5) }],
  [{ shearRange: 0.1 }, { shear: uniform(-0.1, 0.1) }],
  [{ zoomRange: 0.25 }, { zx: uniform(0.75, 1.25), zy: uniform(0.75, 1.25) }],
  [{ zoomRange: [0.5, 3] }, { zx: uniform(0.5, 3), zy: uniform(0.5, 3) }],
  [{ horizontalFlip: true }, { flipHorizontal: half }],
  [{ verticalFlip: true }, { flipVertical: half }],
])('%j samples these parameters and no others', (config, drawn) => {
  expect(drawsOf(config)).toEqual({ ...nothing, ...drawn });
});

test.each<[string, unknown, ...RegExp[]]>([
  ['an unknown option', { rotationRnge: 3 }, /has no option rotationRnge/, /did you mean "rotationRange"/],
  ["Keras' own spelling", { rotation_range: 3 }, /has no option rotation_range/, /"rotationRange"/],
  ['a negative range', { rotationRange: -1 }, /rotationRange is invalid/, /found: -1/, /expected: a number >= 0/],
  ['a text for a number', { shearRange: '3' }, /shearRange/, /found: "3"/, /expected: a number >= 0/],
  ['not a number', { widthShiftRange: Number.NaN }, /widthShiftRange/, /found: NaN/],
  ['an infinite one', { heightShiftRange: Infinity }, /heightShiftRange/, /found: Infinity/],
  ['a shift of texts', { widthShiftRange: ['a'] }, /widthShiftRange/, /a list of numbers/],
  ['a brightness of one number', { brightnessRange: 0.5 }, /brightnessRange/, /a pair/],
  [
    'a brightness the wrong way round',
    { brightnessRange: [2, 1] },
    /brightnessRange has its bounds in the wrong order/,
  ],
  ['a share beyond all', { validationSplit: 1.5 }, /validationSplit/, /0 to 1/],
  ['a subset of nothing', { subset: 'training' }, /subset needs a validationSplit/],
  ['an unknown subset', { subset: 'train', validationSplit: 0.1 }, /subset/, /"training"/],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what is refused
  ['a hole for the preprocessor', { preprocessingFunction: 'return ${x};' }, /preprocessingFunction/],
  ['a flag that is a text', { zcaWhitening: 'yes' }, /zcaWhitening/, /true or false/],
  ['a zoom above 1', { zoomRange: 1.5 }, /zoomRange/, /found: 1\.5/, /a number from 0 to 1, or a pair/],
  ['a zoom of three', { zoomRange: [1, 2, 3] }, /zoomRange/, /found: \[1,2,3\]/, /a pair/],
  ['a zoom to nothing', { zoomRange: [0, 1] }, /zoomRange/, /positive/],
  ['a zoom the wrong way round', { zoomRange: [1.2, 0.8] }, /wrong order/, /found: \[1\.2,0\.8\]/, /low <= high/],
  ['an unknown fill mode', { fillMode: 'nearst' }, /fillMode/, /found: "nearst"/, /did you mean "nearest"/],
  ['a spline', { interpolationOrder: 3 }, /interpolationOrder/, /found: 3/, /0 or 1/],
  ['a flip that is a number', { horizontalFlip: 1 }, /horizontalFlip/, /found: 1/, /true or false/],
  ['an infinite cval', { cval: Infinity }, /cval/, /finite number/],
  ['rescale not a number', { rescale: Number.NaN }, /rescale/, /finite number/],
  ['an unknown compat', { compat: 'kera' }, /compat/, /did you mean "keras"/],
  ['not an object', 3, /augmentation/, /found: 3/],
  ['nothing', null, /augmentation/, /found: null/],
])('rejected: %s', (_, config, ...words) => {
  const error = thrownBy(() => parseAugmentation(config, imageShape));
  expect(error).toBeInstanceOf(ConfigurationError);
  for (const word of words) expect(error.message).toMatch(word);
});

const generator = parseAugmentation({}, imageShape);
const pack = (given: unknown) => [...packParameters(generator, [{}, given as SampleParameters])].slice(13);

test('missing parameters are filled with the identity, flips may be 0 and 1, and matrices are ignored', () => {
  expect(pack({})).toEqual([1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1]);
  expect(pack({ theta: 3, flipHorizontal: 1, matrix: [] })).toEqual([1, 3, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1]);
  // Keras has None for no brightness: 1 is a brightness, and sends an image through bytes where Keras does.
  expect(pack({ channelShiftIntensity: 5, brightness: 1 }).slice(9)).toEqual([1, 5, 1, 1]);
});

test.each<[string, unknown, RegExp, RegExp]>([
  ['an unknown name', { teta: 3 }, /image 1 have no teta/, /did you mean "theta"/],
  ['a text', { theta: '3' }, /theta of image 1/, /expected: a number/],
  ['not a number', { zx: Number.NaN }, /zx of image 1/, /found: NaN/],
  ['a flip of 2', { flipVertical: 2 }, /flipVertical of image 1/, /expected: a boolean/],
  ['nothing', undefined, /image 1/, /found: undefined/],
])('rejected parameters: %s', (_, given, ...words) => {
  const error = thrownBy(() => pack(given));
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
