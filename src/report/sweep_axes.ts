import { figure } from '../figures.ts';
import { logTicks, powerText, rangeOf, ticks } from './scale.ts';
import type { Json } from './sweep_file.ts';

/** Maps the values of an option to an axis from 0 to 1. */
export interface Axis {
  name: string;
  place: (value: Json | undefined) => number;
  marks: { at: number; text: string }[];
}

/** Ratio of the largest to the smallest value from which the axis of an option, or of a figure, is logarithmic. */
const logFrom = { option: 8, figure: 20 };
/** Margin without marks at both ends of an axis. */
const rim = 0.06;

/** Distance below which the texts of two marks would touch. */
const closest = 0.14;

/**
 * Numbers are placed by value, or by logarithm if their range is wide; other values are evenly spaced.
 *
 * @param most for an option: up to this number of different values, these are the marks.
 */
export function axisOf(name: string, values: readonly (Json | undefined)[], most = 0): Axis {
  const numbers = values.filter((value): value is number => typeof value === 'number');
  const isNumeric = numbers.length === values.length && new Set(numbers).size > 1;
  if (!isNumeric) return listAxis(name, values);
  const isLog =
    Math.min(...numbers) > 0 && Math.max(...numbers) / Math.min(...numbers) >= logFrom[most > 0 ? 'option' : 'figure'];
  const of = isLog ? Math.log10 : (value: number) => value;
  const [low, high] = rangeOf(numbers.map(of));
  const at = (value: number) => rim + (1 - 2 * rim) * ((value - low) / (high - low));
  const place = (value: Json | undefined) => at(of(value as number));
  const different = [...new Set(numbers)].sort((a, b) => a - b);
  if (different.length <= most) {
    const marks = different.map((value) => ({ at: place(value), text: figure(value) }));
    if (marks.every((mark, i) => i === 0 || mark.at - marks[i - 1]!.at >= closest)) return { name, place, marks };
  }
  return {
    name,
    place,
    marks: (isLog ? logTicks : ticks)(low, high, 4).map((value) => ({
      at: at(value),
      text: isLog ? powerText(value) : figure(value),
    })),
  };
}

function listAxis(name: string, values: readonly (Json | undefined)[]): Axis {
  const texts = [...new Set(values.map(shortText))];
  const at = (i: number) => (i + 0.5) / texts.length;
  const part = distinguishingPart(values);
  const marks = texts.map((text) => {
    const value = values.find((each) => shortText(each) === text);
    return part === undefined || !isObject(value) ? text : shortText(value[part]);
  });
  return {
    name: part === undefined ? name : `${name}: ${part}`,
    place: (value) => at(texts.indexOf(shortText(value))),
    marks: marks.map((text, i) => ({ at: at(i), text: text.length > 14 ? `${text.slice(0, 13)}…` : text })),
  };
}

const isObject = (value: Json | undefined): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The first property by which the objects among the values can be told apart, because a mark has no space for all of them. */
function distinguishingPart(values: readonly (Json | undefined)[]): string | undefined {
  const objects = [...new Map(values.filter(isObject).map((value) => [shortText(value), value])).values()];
  if (objects.length < 2) return undefined;
  const names = [...new Set(objects.flatMap((value) => Object.keys(value)))];
  return names.find((name) => new Set(objects.map((value) => shortText(value[name]))).size === objects.length);
}

/** Formats a value for a cell or an axis. */
export function shortText(value: Json | undefined): string {
  if (value === undefined || value === null) return 'left out';
  if (typeof value === 'number') return figure(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
