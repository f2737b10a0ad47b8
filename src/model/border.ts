import * as v from 'valibot';
import { ConfigurationError } from '../errors.ts';

const isCount = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
const isPair = (value: unknown) => Array.isArray(value) && value.length === 2 && value.every(isCount);

/** Keras' padding and cropping: one number for all sides, [vertical, horizontal], or [[top, bottom], [left, right]]. */
export type Border =
  | number
  | readonly [number, number]
  | readonly [readonly [number, number], readonly [number, number]];

export const border = v.custom<Border>(
  (value) => isCount(value) || isPair(value) || (Array.isArray(value) && value.length === 2 && value.every(isPair)),
  'an integer >= 0, a pair of them, or [[top, bottom], [left, right]]',
);

export interface Sides {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

export function sidesOf(border: Border): Sides {
  const [rows, columns] = typeof border === 'number' ? [border, border] : border;
  const [top, bottom] = typeof rows === 'number' ? [rows, rows] : rows;
  const [left, right] = typeof columns === 'number' ? [columns, columns] : columns;
  return { top, bottom, left, right };
}

/** @throws ConfigurationError if cropping leaves nothing. */
export function croppedSize(subject: string, [height, width]: readonly number[], sides: Sides): [number, number] {
  const left = [height! - sides.top - sides.bottom, width! - sides.left - sides.right] as [number, number];
  if (Math.min(...left) < 1) {
    throw new ConfigurationError({
      what: `${subject}: cropping removes the whole image`,
      found: `[${height}, ${width}] less ${sides.top + sides.bottom} rows and ${sides.left + sides.right} columns`,
      expected: 'at least one pixel',
      place: ['cropping'],
    });
  }
  return left;
}
