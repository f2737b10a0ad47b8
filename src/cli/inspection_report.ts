import {
  type Finding,
  findings,
  type Inspection,
  type Part,
  type SameImages,
  type TrainAndTestParts,
} from '../data/index.ts';
import { count, figure } from '../figures.ts';
import { table } from './tables.ts';

/** The lines of `wgrad data inspect` and `--clean`: functions that format facts as text; the command prints them. */

const meanings: Record<Finding, string> = {
  labels: 'the label is not a valid class',
  constant: 'all pixels have one color',
  conflicts: 'the same image has another label',
  leaks: 'a test image is also a training image',
  duplicates: 'an earlier image has the same pixels and label',
};

/** Maximum number of examples in a row of the table. */
const mostExamples = 3;

export function classTable({ classNames, train, test }: Inspection): string {
  const rows = classNames.map((_, label) => [
    className(label, classNames),
    count(train.classCounts[label]!),
    count(test.classCounts[label]!),
  ]);
  return table(['class', 'training', 'test'], [...rows, ['all images', count(train.count), count(test.count)]]);
}

/** A row for each finding, including those that occur nowhere. */
export function findingTable(inspection: Inspection, pair: TrainAndTestParts): string {
  const { train, test, classNames } = inspection;
  const rows = findings.map((finding) => [
    finding,
    meanings[finding],
    few(examples(finding, inspection, pair)),
    finding === 'leaks' ? '' : count(train.found[finding].length),
    count(test.found[finding].length),
  ]);
  const empty = new Set([...train.emptyClasses, ...test.emptyClasses]);
  const emptyRow = [
    '',
    'a class has no image',
    few([...empty].map((label) => className(label, classNames))),
    count(train.emptyClasses.length),
    count(test.emptyClasses.length),
  ];
  const all = classNames.length > 0 ? [...rows, emptyRow] : rows;
  return table(['finding', 'what it is', 'for example', 'training', 'test'], all, 3);
}

/** The command that leaves out the findings' images. */
export function cleaningLine({ train, test }: Inspection): string {
  const there = findings.filter((finding) => train.found[finding].length + test.found[finding].length > 0);
  if (there.length === 0) return 'Nothing to clean.';
  return `wgrad train --clean ${there.join(',')} leaves these out; an image with several findings counts once.`;
}

/** "12 training images (10 duplicates, 2 constant) and 3 test images (3 leaks)" */
export function droppedWords(dropped: Record<Part, Record<Finding, number[]>>): string {
  const words = (part: Part, name: string) => {
    const there = findings.filter((finding) => dropped[part][finding].length > 0);
    const total = there.reduce((sum, finding) => sum + dropped[part][finding].length, 0);
    if (total === 0) return [];
    const reasons = there.map((finding) => `${count(dropped[part][finding].length)} ${finding}`);
    return [`${count(total)} ${name} ${total === 1 ? 'image' : 'images'} (${reasons.join(', ')})`];
  };
  return [...words('train', 'training'), ...words('test', 'test')].join(' and ') || 'nothing';
}

interface Member {
  part: Part;
  index: number;
  /** The class or the target numbers of the image. */
  label: string;
}

function* examples(finding: Finding, inspection: Inspection, pair: TrainAndTestParts): Generator<string> {
  const { classNames, same } = inspection;
  const numbersOf = (part: Part, index: number) => {
    const { targets = new Float32Array(), labels } = pair[part];
    const outputs = targets.length / labels.length;
    return [...targets.subarray(index * outputs, (index + 1) * outputs)].map((value) => figure(value)).join(', ');
  };
  // Targets are compared by their numbers; a data set of classes has at least one class.
  const labelOf = (part: Part, index: number) =>
    classNames.length > 0 ? className(pair[part].labels[index]!, classNames) : numbersOf(part, index);
  const member = (part: Part, index: number): Member => ({ part, index, label: labelOf(part, index) });
  const name = ({ part, index, label }: Member) => `${part} ${index} (${label})`;
  if (finding === 'labels' || finding === 'constant') {
    for (const part of ['train', 'test'] as const) {
      for (const index of inspection[part].found[finding]) yield name(member(part, index));
    }
    return;
  }
  for (const group of same) {
    const members = [...group.train.map((i) => member('train', i)), ...group.test.map((i) => member('test', i))];
    const pair = twoOf[finding](members, group);
    if (pair) yield pair.map(name).join(' = ');
  }
}

/** Two images of a group of equal ones that demonstrate a finding; undefined if the group does not have it. */
const twoOf: Record<
  'conflicts' | 'leaks' | 'duplicates',
  (members: Member[], group: SameImages) => Member[] | undefined
> = {
  conflicts: ([first, ...rest], { labels }) =>
    labels.length > 1 ? [first!, rest.find(({ label }) => label !== first!.label)!] : undefined,
  leaks: (members, { train, test }) =>
    train.length > 0 && test.length > 0 ? [members[train.length]!, members[0]!] : undefined,
  duplicates: (members) => {
    const seen = new Map<string, Member>();
    for (const member of members) {
      const earlier = seen.get(`${member.part} ${member.label}`);
      if (earlier) return [member, earlier];
      seen.set(`${member.part} ${member.label}`, member);
    }
    return undefined;
  },
};

/** "3", "3 cat"; a label that is not a class is shown as a number. */
function className(label: number, classNames: readonly string[]): string {
  const name = classNames[label];
  return name === undefined || name === String(label) ? String(label) : `${label} ${name}`;
}

function few(all: Iterable<string>): string {
  const shown: string[] = [];
  for (const one of all) {
    if (shown.length === mostExamples) return [...shown, '...'].join('\n');
    shown.push(one);
  }
  return shown.join('\n');
}
