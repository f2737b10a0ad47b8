import { counted, roughFigure } from '../../../figures.ts';
import type { SampleParameters } from '../../../index.ts';

/** The random parameters of a sample, in words. */
export function parameterWords(drawn: SampleParameters): string {
  const { matrix: _, inverse: __, ...rest } = drawn as Record<string, unknown>;
  if (!('ops' in rest)) return capitalized(generatorWords(rest).join(', ')) || 'No change';
  const ops = (rest.ops as ({ type: string; applied?: boolean } & Record<string, unknown>)[]).map(
    ({ type, applied, ...fields }) => (applied === false ? `${type}: no` : `${type}: ${fieldsOf(fields) || 'yes'}`),
  );
  return ops.join(' · ') || 'No change';
}

const capitalized = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);

/** Parameters below this have no visible effect. */
const least = 0.005;

/**
 * Describes the transformation of Keras' generator: rotated 12°, shifted 2 pixels right. Its tx and ty shift the sampled point down
 * and to the right, so they move the picture in the opposite direction.
 */
function generatorWords(drawn: Record<string, unknown>): string[] {
  const {
    theta = 0,
    tx = 0,
    ty = 0,
    shear = 0,
    zx = 1,
    zy = 1,
    brightness,
    channelShiftIntensity,
  } = drawn as Partial<Record<string, number>>;
  const isSome = (value: number) => Math.abs(value) >= least;
  const figure = (value: number) => roughFigure(Math.abs(value));
  const pixels = (value: number) => {
    const text = figure(value);
    return text === '1' ? counted(1, 'pixel') : `${text} pixels`;
  };
  const words: string[] = [];
  if (isSome(theta)) words.push(`rotated ${figure(theta)}° ${theta > 0 ? 'counter-clockwise' : 'clockwise'}`);
  const shifts = [
    ...(isSome(ty) ? [`${pixels(ty)} ${ty > 0 ? 'left' : 'right'}`] : []),
    ...(isSome(tx) ? [`${pixels(tx)} ${tx > 0 ? 'up' : 'down'}`] : []),
  ];
  if (shifts.length) words.push(`shifted ${shifts.join(' and ')}`);
  if (isSome(shear)) words.push(`sheared ${figure(shear)}°`);
  const sizes = [zx, zy].map((zoom) => `${roughFigure(100 / zoom)} %`);
  if (isSome(zx - 1) || isSome(zy - 1)) words.push(`${sizes[0]} wide and ${sizes[1]} high`);
  if (drawn.flipHorizontal === true) words.push('mirrored left to right');
  if (drawn.flipVertical === true) words.push('mirrored top to bottom');
  if (brightness !== undefined) words.push(`${roughFigure(100 * brightness)} % as bright`);
  if (channelShiftIntensity !== undefined) words.push(`${roughFigure(channelShiftIntensity)} added to all channels`);
  return words;
}

/**
 * The random parameters of an op, without the seed of its noise and parameters of 0, such as shifts and angles, that change
 * nothing.
 */
const fieldsOf = (fields: Record<string, unknown>): string =>
  Object.entries(fields)
    .filter(([name, value]) => typeof value !== 'object' && name !== 'noise' && !(isChange(name) && value === 0))
    .map(([name, value]) => `${wordsOf(name)} ${typeof value === 'number' ? roughFigure(value) : value}`)
    .join(', ');

const isChange = (name: string) => /^(angle|translate|shear)/.test(name);

/** "translate x" of translateX. */
const wordsOf = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
