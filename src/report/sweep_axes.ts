import { figure } from '../figures.ts';
import { logTicks, powerText, rangeOf, ticks } from './scale.ts';
import type { Json } from './sweep_file.ts';

/** Maps the values of an option to an axis from 0 to 1. */
export interface Axis {
  name: string;
  place: (value: Json | undefined) => number;
  marks: { at: number; text: string }[];
}

/** Ratio of the largest to the smallest value from which an axis is logarithmic. */
const logFrom = 20;
/** Margin without marks at both ends of an axis. */
const rim = 0.06;

/** Numbers are placed by value, or by logarithm if they span decades; other values are evenly spaced. */
export function axisOf(name: string, values: readonly (Json | undefined)[]): Axis {
  const numbers = values.filter((value): value is number => typeof value === 'number');
  const isNumeric = numbers.length === values.length && new Set(numbers).size > 1;
  if (!isNumeric) return listAxis(name, values);
  const isLog = Math.min(...numbers) > 0 && Math.max(...numbers) / Math.min(...numbers) >= logFrom;
  const of = isLog ? Math.log10 : (value: number) => value;
  const [low, high] = rangeOf(numbers.map(of));
  const at = (value: number) => rim + (1 - 2 * rim) * ((value - low) / (high - low));
  return {
    name,
    place: (value) => at(of(value as number)),
    marks: (isLog ? logTicks : ticks)(low, high, 4).map((value) => ({
      at: at(value),
      text: isLog ? powerText(value) : figure(value),
    })),
  };
}

function listAxis(name: string, values: readonly (Json | undefined)[]): Axis {
  const texts = [...new Set(values.map(shortText))];
  const at = (i: number) => (i + 0.5) / texts.length;
  return {
    name,
    place: (value) => at(texts.indexOf(shortText(value))),
    marks: texts.map((text, i) => ({ at: at(i), text: text.length > 14 ? `${text.slice(0, 13)}…` : text })),
  };
}

/** Formats a value for a cell or an axis. */
export function shortText(value: Json | undefined): string {
  if (value === undefined || value === null) return 'left out';
  if (typeof value === 'number') return figure(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
