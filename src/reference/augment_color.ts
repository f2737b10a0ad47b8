import type { Picture } from '../augment/op.ts';

/**
 * The color ops on a whole image, as plain loops in float64: torchvision's functional ops (functional_tensor.py) on gray levels 0
 * to 255.
 */

type Numbers = ArrayLike<number>;
type Image = Float64Array<ArrayBuffer>;

/** The sampled parameters of an op, as in JSON. */
export type Fields = Record<string, number | boolean | string | undefined>;

const clip = (value: number) => Math.min(Math.max(value, 0), 255);
const toByte = (value: number) => clip(Math.floor(value + 0.5));
const each = (image: Numbers, f: (value: number, at: number) => number): Image => Float64Array.from(image, f);

/** ratio a + (1 - ratio) b, clipped to the range of gray levels. */
const blend = (a: Numbers, b: (at: number) => number, ratio: number) =>
  each(a, (value, at) => clip(ratio * value + (1 - ratio) * b(at)));

/** One channel of an image. */
function channelOf(image: Numbers, { channels }: Picture, channel: number): Image {
  return Float64Array.from({ length: image.length / channels }, (_, i) => image[i * channels + channel]!);
}

const meanOf = (values: Image) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The gray level of each pixel of a color image. */
function grayOf(image: Numbers): Image {
  const [red, green, blue] = [0, 1, 2].map((c) => channelOf(image, { height: 0, width: 0, channels: 3 }, c));
  return red!.map((r, i) => 0.2989 * r + 0.587 * green![i]! + 0.114 * blue![i]!);
}

export const adjustBrightness = (image: Numbers, factor: number): Image => blend(image, () => 0, factor);

/** Scales about the mean of the image in gray; without colors, each channel about its mean. */
export function adjustContrast(image: Numbers, s: Picture, factor: number): Image {
  const means = Array.from({ length: s.channels }, (_, c) =>
    meanOf(s.channels === 3 ? grayOf(image) : channelOf(image, s, c)),
  );
  return blend(image, (at) => means[at % s.channels]!, factor);
}

export function adjustSaturation(image: Numbers, factor: number): Image {
  const grays = grayOf(image);
  return blend(image, (at) => grays[Math.floor(at / 3)]!, factor);
}

/** Shifts the hue in HSV. */
function adjustHue(image: Numbers, turns: number): Image {
  const y = new Float64Array(image.length);
  for (let at = 0; at < image.length; at += 3) {
    const [h, s, v] = toHsv(image[at]!, image[at + 1]!, image[at + 2]!);
    const turned = (h + turns) % 1;
    y.set(fromHsv(turned < 0 ? turned + 1 : turned, s, v), at);
  }
  return y;
}

function toHsv(r: number, g: number, b: number): [h: number, s: number, v: number] {
  const most = Math.max(r, g, b);
  const span = most - Math.min(r, g, b);
  if (span === 0) return [0, 0, most];
  const [rc, gc, bc] = [(most - r) / span, (most - g) / span, (most - b) / span];
  const sixths = most === r ? bc - gc : most === g ? 2 + rc - bc : 4 + gc - rc;
  return [(sixths / 6 + 1) % 1, span / most, most];
}

function fromHsv(h: number, s: number, v: number): [r: number, g: number, b: number] {
  const i = Math.floor(h * 6);
  const f = h * 6 - i;
  const [p, q, t] = [v * (1 - s), v * (1 - s * f), v * (1 - s * (1 - f))];
  const sextants: [number, number, number][] = [
    [v, t, p],
    [q, v, p],
    [p, v, t],
    [p, q, v],
    [t, p, v],
    [v, p, q],
  ];
  return sextants[i % 6]!;
}

/** Applies the adjustments in the given order; unnamed ones are skipped. */
export function colorJitter(image: Numbers, s: Picture, fields: Fields): Image {
  const adjust: Record<string, (x: Image, by: number) => Image> = {
    brightness: adjustBrightness,
    contrast: (x, by) => adjustContrast(x, s, by),
    saturation: adjustSaturation,
    hue: adjustHue,
  };
  const order = String(fields.order ?? Object.keys(adjust).join(', ')).split(', ');
  return order
    .filter((name) => fields[name] !== undefined && (name === 'brightness' || name === 'contrast' || s.channels === 3))
    .reduce<Image>((x, name) => adjust[name]!(x, Number(fields[name])), Float64Array.from(image));
}

const adjustGamma = (image: Numbers, gamma: number, gain: number): Image =>
  each(image, (value) => clip(255 * gain * (Math.max(value, 0) / 255) ** gamma));

export function grayscale(image: Numbers): Image {
  const grays = grayOf(image);
  return each(image, (_, at) => grays[Math.floor(at / 3)]!);
}

export const invert = (image: Numbers): Image => each(image, (value) => 255 - value);

export const solarize = (image: Numbers, threshold: number): Image =>
  each(image, (value) => (value >= threshold ? 255 - value : value));

/** Masks the lowest bits of each byte. */
export const posterize = (image: Numbers, bits: number): Image =>
  each(image, (value) => toByte(value) & -(2 ** (8 - bits)));

/** Pillow's equalization table for a channel's bytes (ImageOps.equalize). */
export function equalizeTable(channel: Numbers): number[] {
  const histogram = new Array<number>(256).fill(0);
  for (let i = 0; i < channel.length; i++) histogram[toByte(channel[i]!)]!++;
  const present = histogram.filter((count) => count > 0);
  const step = Math.floor((channel.length - present.at(-1)!) / 255);
  if (present.length <= 1 || step === 0) return histogram.map((_, level) => level);
  let n = Math.floor(step / 2);
  return histogram.map((count) => {
    const level = Math.floor(n / step);
    n += count;
    return Math.min(level, 255);
  });
}

export function equalize(image: Numbers, s: Picture): Image {
  const tables = Array.from({ length: s.channels }, (_, c) => equalizeTable(channelOf(image, s, c)));
  return each(image, (value, at) => tables[at % s.channels]![toByte(value)]!);
}

/** Stretches each channel so that its minimum becomes 0 and its maximum 255. */
export function autocontrast(image: Numbers, s: Picture): Image {
  const ends = Array.from({ length: s.channels }, (_, c) => {
    const channel = channelOf(image, s, c);
    return [Math.min(...channel), Math.max(...channel)] as const;
  });
  return each(image, (value, at) => {
    const [least, most] = ends[at % s.channels]!;
    return most === least ? value : clip(((value - least) * 255) / (most - least));
  });
}

/** Blends the image with itself blurred by (1 1 1, 1 5 1, 1 1 1) / 13; the outermost pixels are unchanged. */
export function adjustSharpness(image: Numbers, { height, width, channels }: Picture, factor: number): Image {
  const smoothed = (at: number) => {
    const pixel = Math.floor(at / channels);
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    if (row === 0 || column === 0 || row === height - 1 || column === width - 1) return image[at]!;
    let sum = 4 * image[at]!;
    for (const down of [-1, 0, 1]) {
      for (const right of [-1, 0, 1]) sum += image[at + (down * width + right) * channels]!;
    }
    return sum / 13;
  };
  return blend(image, smoothed, factor);
}

/** Channel c of the result is channel order[c] of the image. */
const permuteChannels = (image: Numbers, { channels }: Picture, order: readonly number[]): Image =>
  each(image, (_, at) => image[at - (at % channels) + order[at % channels]!]!);

const dropChannels = (image: Numbers, { channels }: Picture, dropped: readonly boolean[], fill: number): Image =>
  each(image, (value, at) => (dropped[at % channels] ? fill : value));

const listed = ({ channels }: Picture, name: string, fields: Fields) =>
  Array.from({ length: channels }, (_, c) => fields[`${name}${c}`]);

/** Every color op by type, with its sampled parameters as in JSON; omitted ones are the identity. */
export const colorOps: Record<string, (image: Numbers, s: Picture, fields: Fields) => Image> = {
  colorJitter,
  randomGamma: (image, _, { gamma = 1, gain = 1 }) => adjustGamma(image, Number(gamma), Number(gain)),
  randomGrayscale: grayscale,
  randomInvert: invert,
  randomSolarize: (image, _, { threshold = 256 }) => solarize(image, Number(threshold)),
  randomPosterize: (image, _, { bits = 8 }) => posterize(image, Number(bits)),
  randomEqualize: equalize,
  randomAutocontrast: autocontrast,
  randomAdjustSharpness: (image, s, { sharpnessFactor = 1 }) => adjustSharpness(image, s, Number(sharpnessFactor)),
  randomChannelPermutation: (image, s, fields) =>
    permuteChannels(
      image,
      s,
      listed(s, 'channel', fields).map((from, c) => Number(from ?? c)),
    ),
  randomChannelDrop: (image, s, fields) => dropChannels(image, s, listed(s, 'drop', fields).map(Boolean), 0),
};
