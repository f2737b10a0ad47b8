import { isSameHeading, isSplitHeading, labelRank } from './formats/table_columns.ts';
import { isNumber, type Table } from './parse_label_table.ts';
import { splitOfFolder } from './splits.ts';

/** A table with a column that names pictures: the picture of each row, by index. */
export interface NamingTable extends Table {
  column: number;
  named: ReadonlyMap<number, string>;
}

/** The class column of a table; undefined if it has numbers instead. */
export function classColumn(table: NamingTable, wanted: string | undefined): number | undefined {
  const { names, rows, column, named, isList } = table;
  const split = splitColumn(table);
  const taken = [...named.keys()].map((i) => rows[i]!);
  const values = (at: number) => taken.map((row) => row[at] ?? '');
  if (wanted !== undefined) {
    const at = names.findIndex((name) => isSameHeading(name, wanted));
    return at < 0 ? undefined : at;
  }
  const others = names.map((_, at) => at).filter((at) => at !== column && at !== split);
  const areClasses = (at: number) => values(at).every((cell) => !isNumber(cell) || Number.isInteger(Number(cell)));
  const ranked = others
    .flatMap((at) => ({ at, rank: labelRank(names[at]!) }))
    .filter(({ at, rank }) => rank !== undefined && areClasses(at))
    .sort((a, b) => a.rank! - b.rank! || a.at - b.at);
  if (ranked.length > 0) return ranked[0]!.at;
  const repeats = (at: number) => {
    const distinct = new Set(values(at)).size;
    return distinct > 1 && distinct <= taken.length / 2;
  };
  const words = others.filter((at) => repeats(at) && values(at).every((cell) => cell !== '' && !isNumber(cell)));
  const isOfNumbers = (at: number) => values(at).filter(isNumber).length > taken.length / 2;
  if (isList && others.length > 0 && areClasses(others[0]!)) return others[0];
  const filled = others.filter(
    (at) => values(at).every((cell) => cell !== '' && !isNumber(cell)) && new Set(values(at)).size > 1,
  );
  const likeliest = words.length === 0 && filled.length === 1 ? filled[0] : words[0];
  const hasHeadings = names.some((name) => /\D/.test(name));
  if (!hasHeadings) return likeliest ?? others.find((at) => others.length === 1 && repeats(at) && areClasses(at));
  if (others.some(isOfNumbers)) return undefined;
  return words.length > 1 ? undefined : likeliest;
}

/** A column named split or similar, or one whose cells are split names: TRAIN, VALIDATE, TEST. */
export function splitColumn({ names, rows, named }: NamingTable): number {
  const heading = names.findIndex(isSplitHeading);
  if (heading >= 0) return heading;
  const taken = [...named.keys()].map((i) => rows[i]!);
  return names.findIndex((_, at) => taken.every((row) => splitOfFolder(row[at] ?? '')?.rest === ''));
}

/** Separator between several classes of one picture. */
export function separatorOf(cells: readonly string[], heading: string): RegExp | undefined {
  const has = (pattern: RegExp) => cells.some((cell) => pattern.test(cell));
  if (has(/\|/)) return /\s*\|\s*/;
  if (!/s$/i.test(heading) || /class$/i.test(heading)) return undefined;
  if (has(/[;,]/)) return /\s*[;,]\s*/;
  return /tags$/i.test(heading) && has(/\s/) ? /\s+/ : undefined;
}
