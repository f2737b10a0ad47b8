import { type CureFigure, type CureRow, compareCures, cureFigures, type TestedCure } from '../compare/cure_rows.ts';
import { untreated } from '../compare/cures.ts';
import { csvCell } from '../csv_cell.ts';
import { figure } from '../figures.ts';
import { differenceText, estimateText, pText, short } from './comparison_text.ts';
import { type CuresFile, type NetworkConfig, ofOtherLoss } from './cures_file.ts';

/** A table of text cells, for the terminal, a page, or Markdown. */
export interface TextTable {
  head: string[];
  rows: string[][];
  /** For each row, whether one of its figures differs significantly. */
  differs: boolean[];
}

/** The comparison of all cures of a network. */
export interface NetworkTables {
  network: NetworkConfig;
  /** Means over the seeds. A figure that differs significantly from the untreated network's is marked. */
  means: TextTable;
  /** Paired differences from the untreated network, with intervals and corrected p. */
  differences: TextTable;
  /** Cures that do not apply to the network, one sentence each. */
  leftOut: string[];
}

/** @param mark formats a figure that differs significantly after the correction. */
export function cureTables(file: CuresFile, mark: (text: string) => string): NetworkTables[] {
  const other = ofOtherLoss(file.config.cures);
  return file.config.networks.flatMap((network) => {
    const tested = compareCures(network, file.runs, other);
    if (tested.length === 0) return [];
    const treated = tested.filter(({ cure }) => cure !== untreated);
    return [
      {
        network,
        means: {
          head: ['cure', ...cureFigures.map(({ name }) => name), 'seeds'],
          rows: tested.map((each) => [
            each.cure,
            ...cureFigures.map(({ id }) => meanCell(each, id, network, mark)),
            String(each.seeds),
          ]),
          differs: tested.map(({ rows }) => rows.some((row) => row.differs)),
        },
        differences: {
          head: ['cure', 'figure', untreated, 'with the cure', 'difference, or ratio', 'corrected p'],
          rows: treated.flatMap((each) =>
            each.rows.map((row, i) => [i === 0 ? each.cure : '', ...differenceCells(row, mark)]),
          ),
          differs: treated.flatMap(({ rows }) => rows.map((row) => row.differs)),
        },
        leftOut: file.leftOut
          .filter((each) => each.network === network.name)
          .map(({ cure, why }) => `${cure} was left out: ${why}.`),
      },
    ];
  });
}

const rowOf = ({ rows }: TestedCure, id: CureFigure) => rows.find((row) => row.figure === id);

function meanCell(
  tested: TestedCure,
  id: CureFigure,
  { epochs }: NetworkConfig,
  mark: (text: string) => string,
): string {
  const row = rowOf(tested, id);
  if (!row || row.with.n === 0) return '–';
  const text = id === 'leftChance' ? leavingText(tested, row, epochs) : meanText(tested, row);
  return row.differs ? mark(text) : text;
}

/**
 * A time is given as a multiple of the untreated network's, if that has one: a run that broke off in its first epoch has no time.
 */
function meanText({ cure }: TestedCure, row: CureRow): string {
  if (row.figure !== 'stepMs') return short(row.with.mean);
  const isRatio = cure !== untreated && row.test.difference.n > 0;
  return isRatio ? `x ${short(row.test.difference.mean)}` : `${short(row.with.mean)} ms`;
}

/** "1.2", "never", or "3.4, 2 of 5 never": a run that never leaves chance level counts with its full length in the mean. */
function leavingText({ leftChance, seeds }: TestedCure, row: CureRow, epochs: number): string {
  if (leftChance === 0) return `never in ${epochs}`;
  const mean = short(row.with.mean);
  return leftChance === seeds ? mean : `${mean}, ${seeds - leftChance} of ${seeds} never`;
}

function differenceCells(row: CureRow, mark: (text: string) => string): string[] {
  const { name } = cureFigures.find(({ id }) => id === row.figure)!;
  const p = Number.isNaN(row.adjusted) ? '' : pText(row.adjusted);
  return [name, estimateText(row.without), estimateText(row.with), differenceText(row), row.differs ? mark(p) : p];
}

/** One row per run. */
export function curesCsv({ runs, config }: CuresFile): string {
  const columns = ['network', 'cure', 'seed', 'steps', ...cureFigures.map(({ id }) => id), 'loss', 'broke'];
  const lines = runs.map((run) => {
    const { name: network, epochSteps } = config.networks.find(({ name }) => name === run.network)!;
    const epochsToLeave = run.leftChance === null ? '' : figure(run.leftChance / epochSteps);
    const values: Record<string, string | number | null | undefined> = { ...run, network, verdicts: '' } as never;
    return columns.map((column) => csvCell(column === 'leftChance' ? epochsToLeave : values[column])).join(',');
  });
  return `${[columns.map((column) => (column === 'leftChance' ? 'epochsToLeaveChance' : column)).join(','), ...lines].join('\n')}\n`;
}
