import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fewestSeeds } from '../../src/compare/comparison.ts';
import { type FigureValues, type Row, rowsOf } from '../../src/compare/comparison_rows.ts';
import { type CureFigure, compareCures, type TestedCure } from '../../src/compare/cure_rows.ts';
import { untreated } from '../../src/compare/cures.ts';
import { differenceText, estimateText, pText, short } from '../../src/report/comparison_text.ts';
import { cureTables } from '../../src/report/cure_tables.ts';
import { type CuresFile, type NetworkConfig, ofOtherLoss } from '../../src/report/cures_file.ts';
import { type StrengthRow, strengthRows } from './augmentation_strength.ts';

/** The extract of a comparison: for each figure of its summary, one value per pair and twin. */
export interface KeptComparison {
  command: string;
  versions: { wgrad: string; chrome: string };
  seeds: number[];
  figures: FigureValues[];
}

const root = join(import.meta.dirname, '../..');
export const data = <T>(name: string): T => JSON.parse(readFileSync(join(root, 'docs/data', `${name}.json`), 'utf8'));

/**
 * Regenerates a document's tables from the files in docs/data. A table is enclosed in `<!-- table: name arguments -->` and `<!--
 * end -->`.
 */
export const withTables = (text: string): string =>
  text.replace(
    /(<!-- table: ([^\n]+?) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => `${begin}\n${made(name)}\n\n${end}`,
  );

/** The table names in a document's markers. Without any, the document would only be compared with itself. */
export const tableNames = (text: string): string[] =>
  [...text.matchAll(/<!-- table: ([^\n]+?) -->/g)].map((m) => m[1]!);

function made(name: string): string {
  const [kind, ...words] = name.split(' ');
  if (kind === 'comparison') return comparisonTable(data(words[0]!), words.slice(1));
  if (kind === 'strength') return strengthTable(strengthRows(data(words[0]!)));
  const files = ['cures-dense', 'cures-plain20'].map((file) => data<CuresFile>(file));
  if (kind === 'cures') return cureTable(files, words[0]!);
  if (kind === 'accuracies') return crossTable(files, 'validationAccuracy');
  if (kind === 'gradients') return crossTable(files, 'late');
  if (kind === 'effects') return effects(files);
  if (kind === 'runs') return runsOf(files);
  throw new Error(`no table is called ${kind}`);
}

/** The accuracy at each strength of the augmentation, with the best one in bold. */
function strengthTable(rows: readonly StrengthRow[]): string {
  const best = Math.max(...rows.map(({ estimate }) => estimate.mean));
  const cells = rows.map(({ strength, rotationRange, accuracies, estimate, training }) => [
    String(strength),
    `${rotationRange}°`,
    bold(estimateText(estimate), estimate.mean === best),
    accuracies.map(short).join(', '),
    short(training.mean),
  ]);
  return markdown(['strength', 'rotation', 'validation accuracy', 'by seed', 'training accuracy'], cells);
}

/** Rows of the network, and of the given layers. */
function comparisonTable({ figures, seeds }: KeptComparison, layers: readonly string[]): string {
  const shown = /^(early|late) gradient norm|^transport factor|^dead share|^time /;
  const rows = rowsOf(figures).filter(
    ({ layer, figure }) => layer === undefined || (layers.includes(layer) && shown.test(figure)),
  );
  if (seeds.length < fewestSeeds) throw new Error('a document shows no comparison of fewer than three seeds');
  const cells = (row: Row) => [
    row.layer === undefined ? row.figure : `${row.layer}: ${row.figure}`,
    ...[estimateText(row.a), estimateText(row.b), differenceText(row)],
    Number.isNaN(row.adjusted) ? '' : bold(pText(row.adjusted), row.differs),
  ];
  return markdown(['figure', 'none', 'tutorial', 'none - tutorial, or x tutorial', 'corrected p'], rows.map(cells));
}

interface Compared {
  network: NetworkConfig;
  tested: TestedCure[];
  leftOut: CuresFile['leftOut'];
}

const compared = (files: readonly CuresFile[]): Compared[] =>
  files.flatMap(({ config, runs, leftOut }) =>
    config.networks.map((network) => ({
      network,
      tested: compareCures(network, runs, ofOtherLoss(config.cures)),
      leftOut: leftOut.filter((each) => each.network === network.name),
    })),
  );

const rowOf = ({ rows }: TestedCure, id: CureFigure) => rows.find(({ figure }) => figure === id);

/** All figures of a network's cures, with confidence intervals for the accuracy and its difference. */
function cureTable(files: readonly CuresFile[], name: string): string {
  const tables = files.flatMap((file) => cureTables(file, (text) => `**${text}**`));
  const { means, leftOut } = tables.find(({ network }) => network.name === name)!;
  const { tested } = compared(files).find(({ network }) => network.name === name)!;
  const differences = tested.map((each) => {
    const row = rowOf(each, 'validationAccuracy')!;
    if (each.cure === untreated) return ['', ''];
    return [differenceText(row), Number.isNaN(row.adjusted) ? '' : bold(pText(row.adjusted), row.differs)];
  });
  const head = [...means.head.slice(0, -1), 'difference in accuracy', 'corrected p'];
  const table = markdown(
    head,
    means.rows.map((cells, i) => [...cells.slice(0, -1), ...differences[i]!]),
  );
  return [table, ...leftOut.map((line) => `- ${line}`)].join('\n').replace(/\n- /, '\n\n- ');
}

/** One figure of every cure in every network; bold if it differs from the untreated network. */
function crossTable(files: readonly CuresFile[], id: CureFigure): string {
  const all = compared(files);
  const cures = [untreated, ...files[0]!.config.cures.map(({ name }) => name)];
  const rows = cures
    .map((cure) => [
      cure,
      ...all.map(({ tested }) => {
        const found = tested.find((each) => each.cure === cure);
        const row = found && rowOf(found, id);
        return row && row.with.n > 0 ? bold(short(row.with.mean), row.differs) : '';
      }),
    ])
    .filter((cells) => cells.slice(1).some((cell) => cell !== ''));
  return markdown(['cure', ...all.map(({ network }) => network.name)], rows);
}

/** One sentence per cure: where it changed the validation accuracy beyond noise, where it didn't, and where it doesn't apply. */
function effects(files: readonly CuresFile[]): string {
  const all = compared(files);
  return files[0]!.config.cures
    .map(({ name, words }) => {
      const [higher, lower, same, few, none]: string[][] = [[], [], [], [], []];
      for (const { network, tested, leftOut } of all) {
        if (leftOut.some(({ cure }) => cure === name)) none!.push(network.name);
        const row = tested.filter(({ cure }) => cure === name).map((each) => rowOf(each, 'validationAccuracy')!)[0];
        if (!row) continue;
        const change = `${network.name} (${row.test.difference.mean > 0 ? '+' : ''}${short(row.test.difference.mean)})`;
        if (row.with.n < fewestSeeds) few!.push(network.name);
        else if (!row.differs) same!.push(network.name);
        else (row.test.difference.mean > 0 ? higher : lower)!.push(change);
      }
      const parts = [
        ['higher accuracy in', higher!],
        ['lower accuracy in', lower!],
        ['no difference in accuracy beyond noise in', same!],
        ['too few seeds for a test in', few!],
        ['not applicable to', none!],
      ] as const;
      const said = parts.filter(([, names]) => names.length > 0).map(([what, names]) => `${what} ${names.join(', ')}`);
      return `- **${name}** (${words}): ${said.join('; ')}.`;
    })
    .join('\n');
}

/** The commands that were run, their duration, and the machine. */
function runsOf(files: readonly CuresFile[]): string {
  return files
    .map(({ command, seconds, runs, versions, adapter, config }) => {
      const seeds = new Set(runs.map(({ seed }) => seed)).size;
      const networks = config.networks.map(
        ({ name, dataset, trainSamples, testSamples, epochs, epochSteps, untreated: { batchSize, optimizer } }) => {
          const { type, learningRate } = optimizer as { type: string; learningRate: number };
          return (
            `- ${name}: ${trainSamples} training and ${testSamples} validation images of ${dataset}, ${epochs} epochs of ` +
            `${epochSteps} steps, batch ${batchSize}, ${type} ${learningRate}; ${seedsOf(runs, name)}`
          );
        },
      );
      const time = `${runs.length} runs, ${seeds} seeds, ${Math.round(seconds / 60)} minutes (${versions.chrome}, ${adapter.description || adapter.architecture})`;
      const names = config.networks.map(({ name }) => `\`${name}\``).join(', ');
      // Without text before it, a command after a list would become part of the list.
      return [`${names}:`, '', `    ${command}`, '', `${time}:`, '', ...networks].join('\n');
    })
    .join('\n\n');
}

/** The seeds from which a network was trained: interrupted runs have fewer. */
const seedsOf = (runs: CuresFile['runs'], network: string) =>
  `seeds ${[...new Set(runs.filter((run) => run.network === network).map(({ seed }) => seed))].join(', ')}`;

const bold = (text: string, differs: boolean) => (differs && text !== '' ? `**${text}**` : text);

/** Pads each column to its widest cell, as the formatter does. */
function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, i) => Math.max(3, name.length, ...rows.map((cells) => cells[i]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
