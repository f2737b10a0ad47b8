import Table from 'cli-table3';

/** Splits a text into parts that stay on one line: after commas if it has any, otherwise at spaces. */
const partsOf = (text: string): string[] => text.split(text.includes(', ') ? /(?<=,) / : ' ');

/** Lines of at most `width` characters; a longer part has a line to itself. */
function brokenAt(width: number, text: string): string {
  const lines: string[] = [];
  for (const part of partsOf(text)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + part.length > width) lines.push(part);
    else lines[lines.length - 1] = `${last} ${part}`;
  }
  return lines.join('\n');
}

/**
 * Breaks the cells of some columns into lines, so that a table fits a width. Each of these columns is at least as wide as its
 * longest part, and they share the remaining width in proportion to what they need beyond that.
 */
export function fitted(head: string[], rows: string[][], columns: readonly number[], width: number): string[][] {
  const widest = (column: number, of: (cell: string) => string[]) =>
    Math.max(head[column]!.length, ...rows.flatMap((row) => of(row[column]!).map(({ length }) => length)));
  const whole = head.map((_, column) => widest(column, (cell) => [cell]));
  const least = head.map((_, column) => (columns.includes(column) ? widest(column, partsOf) : whole[column]!));
  const sum = (of: readonly number[]) => of.reduce((a, b) => a + b, 0);
  // Each column has a border and a space on either side, and the table has a border at its end.
  const left = Math.max(0, width - 1 - 3 * head.length - sum(least));
  const wanted = sum(whole) - sum(least);
  if (wanted <= left) return rows;
  const widths = whole.map((all, column) => least[column]! + Math.floor((left * (all - least[column]!)) / wanted));
  return rows.map((row) =>
    row.map((cell, column) => (columns.includes(column) ? brokenAt(widths[column]!, cell) : cell)),
  );
}

/**
 * Numeric columns are aligned to the right, the others to the left. There are no colors, because the output may go to a log file.
 */
export function table(head: string[], rows: string[][], leftColumns = 1): string {
  const colAligns = head.map((_, column) => (column < leftColumns ? ('left' as const) : ('right' as const)));
  const it = new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
  it.push(...rows);
  return it.toString();
}
