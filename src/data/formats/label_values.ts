import { DataError } from '../../errors.ts';
import { counted } from '../../figures.ts';
import { mostClasses } from '../dataset.ts';
import { type Split, splits } from '../splits.ts';

/** The labels of one split as stored in a file: one number or word per image, or a row of numbers. */
export interface LabelValues {
  values: ArrayLike<number> | readonly string[];
  /** Numbers per image: 1, or one per class or output. */
  width: number;
  /** File of the labels, for error messages. */
  path: string;
}

/** Labels in the form that a data set takes. */
export interface Labels {
  classNames: string[] | undefined;
  of: Partial<Record<Split, { labels: number[] | Uint8Array; targets?: Float32Array; targetNames?: string[] }>>;
  notes: string[];
}

type BySplit = Partial<Record<Split, LabelValues>>;

/**
 * Converts words and integers to classes, one-hot rows to classes, and all other numbers to targets.
 *
 * @param names of the classes or of the numbers in a row, if the files provide them.
 * @throws DataError if the splits have different kinds of labels, or if a label is not a number.
 */
export function labelsFrom(found: BySplit, names?: readonly string[]): Labels {
  const all = splits.flatMap((split) => found[split] ?? []);
  const [first] = all;
  const other = all.find(({ width, values }) => width !== first!.width || isWords(values) !== isWords(first!.values));
  if (other) {
    throw new DataError({
      what: 'The splits have different kinds of labels',
      found: `${describe(other)}, and ${describe(first!)}`,
      expected: 'labels of the same kind in all of them',
    });
  }
  if (isWords(first!.values)) return ofWords(found);
  for (const { values, path } of all) {
    const at = findIndex(values as ArrayLike<number>, (value) => !isFloat(value));
    if (at >= 0) {
      throw new DataError({
        what: `A label of ${path} is not a number`,
        found: `${values[at]} at position ${at}`,
        expected: 'a finite number that 32 bits hold',
      });
    }
  }
  const numbers = all as (LabelValues & { values: ArrayLike<number> })[];
  if (first!.width > 1) return areOneOfEach(numbers) ? ofOneOfEach(found, names) : ofTargets(found, names);
  const areWhole = numbers.every(({ values }) => findIndex(values, (value) => !Number.isInteger(value)) < 0);
  return areWhole ? ofWhole(found, names) : ofTargets(found, names);
}

/** Targets are float32, in which 1e300 would become infinite. */
const isFloat = (value: number) => Number.isFinite(Math.fround(value));

const isWords = (values: LabelValues['values']): values is readonly string[] => typeof values[0] === 'string';

function findIndex(values: ArrayLike<number>, is: (value: number) => boolean): number {
  for (let i = 0; i < values.length; i++) if (is(values[i]!)) return i;
  return -1;
}

const describe = ({ values, width, path }: LabelValues) =>
  `${isWords(values) ? 'words' : width > 1 ? `rows of ${width} numbers` : 'numbers'} in ${path}`;

const each = <Value>(found: BySplit, make: (values: LabelValues) => Value) =>
  Object.fromEntries(splits.flatMap((split) => (found[split] ? [[split, make(found[split]!)]] : []))) as Partial<
    Record<Split, Value>
  >;

function ofWords(found: BySplit): Labels {
  const words = new Set<string>();
  for (const { values } of Object.values(found)) for (const word of values as readonly string[]) words.add(word);
  const areNumbers = [...words].every((word) => word !== '' && Number.isFinite(Number(word)));
  const classNames = [...words].sort((a, b) => (areNumbers ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0));
  requireFew(classNames.length, Object.values(found)[0]!.path);
  const index = new Map(classNames.map((name, i) => [name, i]));
  return {
    classNames,
    of: each(found, ({ values }) => ({ labels: Array.from(values as readonly string[], (word) => index.get(word)!) })),
    notes: [],
  };
}

function requireFew(classes: number, path: string): void {
  if (classes <= mostClasses) return;
  throw new DataError({
    what: `${path} has too many classes`,
    found: classes,
    expected: `at most ${mostClasses}`,
    fix: 'check that its labels are class indices',
  });
}

/** Consecutive class indices from 0 are kept and those from 1 are shifted; numbers with gaps become class names. */
function ofWhole(found: BySplit, names?: readonly string[]): Labels {
  const distinct = new Set<number>();
  for (const { values } of Object.values(found))
    for (let i = 0; i < values.length; i++) distinct.add(values[i] as number);
  requireFew(distinct.size, Object.values(found)[0]!.path);
  const sorted = [...distinct].sort((a, b) => a - b);
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  const take = (of: (value: number) => number) =>
    each(found, ({ values }) => ({ labels: Array.from(values as ArrayLike<number>, of) }));
  if (names && most < names.length && least >= 0)
    return { classNames: [...names], of: take((value) => value), notes: [] };
  if (least === 1 && sorted.length === most && sorted.length > 1 && (!names || names.length === most)) {
    const note = `labels from 1 to ${most}: the first class is 1`;
    return { classNames: names ? [...names] : sorted.map(String), of: take((value) => value - 1), notes: [note] };
  }
  // Sign language sets lack the letters that need a movement. Indices with few gaps therefore keep their numbers.
  if (least >= 0 && most < Math.max(2, 2 * sorted.length)) {
    return { classNames: undefined, of: take((value) => value), notes: [] };
  }
  const index = new Map(sorted.map((value, i) => [value, i]));
  const note = `labels from ${least} to ${most} with gaps: ${counted(sorted.length, 'class', 'classes')} with these numbers as names`;
  return { classNames: sorted.map(String), of: take((value) => index.get(value)!), notes: [note] };
}

function areOneOfEach(numbers: readonly (LabelValues & { values: ArrayLike<number> })[]): boolean {
  return numbers.every(({ values, width }) => {
    for (let at = 0; at < values.length; at += width) {
      let ones = 0;
      for (let i = 0; i < width; i++) {
        const value = values[at + i]!;
        if (value !== 0 && value !== 1) return false;
        ones += value;
      }
      if (ones !== 1) return false;
    }
    return true;
  });
}

function ofOneOfEach(found: BySplit, names?: readonly string[]): Labels {
  const { width } = Object.values(found)[0]!;
  return {
    classNames: names ? [...names] : Array.from({ length: width }, (_, i) => String(i)),
    of: each(found, ({ values }) => ({
      labels: Array.from({ length: values.length / width }, (_, i) => {
        let label = 0;
        while (values[i * width + label] !== 1) label++;
        return label;
      }),
    })),
    notes: [`one-hot labels, rows of ${width} numbers of which one is 1: its position is the class`],
  };
}

function ofTargets(found: BySplit, names?: readonly string[]): Labels {
  const { width } = Object.values(found)[0]!;
  const targetNames = names?.length === width ? [...names] : Array.from({ length: width }, (_, i) => String(i));
  return {
    classNames: [],
    of: each(found, ({ values }) => ({
      labels: new Uint8Array(values.length / width),
      targets: Float32Array.from(values as ArrayLike<number>),
      targetNames,
    })),
    notes: [
      `${counted(width, 'number')} of each image instead of a class: ${targetNames.slice(0, 8).join(', ')}${width > 8 ? ', ...' : ''}`,
    ],
  };
}
