/** A row of a table, its cells without the spaces and quotes around them. */
export interface CsvRow {
  /** The line of the file that the row begins in, from 1 on. */
  line: number;
  cells: string[];
}

/** What may stand between cells; where there is none of these, spaces do. */
const separators = [',', ';', '\t'];

/** The separator that the first row of a table has most of, outside of quotes. */
export function separatorOf(text: string): string {
  const [first = ''] = text
    .trimStart()
    .replace(/"[^"]*"/g, '""')
    .split(/\r\n|\n|\r/, 1);
  const counts = separators.map((separator) => first.split(separator).length - 1);
  const most = Math.max(...counts);
  return most === 0 ? ' ' : separators[counts.indexOf(most)]!;
}

/**
 * Reads the rows of a CSV file (RFC 4180) from text that comes in pieces, as Python's csv module does with skipinitialspace: a quoted
 * cell may hold separators, line breaks and doubled quotes, a quote inside of an unquoted cell is a character, and lines end
 * in LF, CRLF or CR. Empty lines are no rows. With a space as the separator, cells have no quotes and any number of spaces between.
 */
export class CsvReader {
  private rest = '';
  private line = 1;
  private readonly unquotedEnd: RegExp;

  constructor(private readonly separator: string) {
    this.unquotedEnd = new RegExp(`[${separator}\\r\\n]`, 'g');
  }

  /** Characters of a row that has not ended yet. */
  get pending(): number {
    return this.rest.length;
  }

  /** The rows that a further piece completes. */
  push(text: string): CsvRow[] {
    return this.read(this.rest + text, false);
  }

  /** The last row, where no line break ends it. @returns undefined where a quote is not closed. */
  end(): CsvRow[] | undefined {
    const rows = this.read(this.rest, true);
    return this.rest === '' ? rows : undefined;
  }

  /** The line in which the row begins that has not ended yet. */
  get pendingLine(): number {
    return this.line;
  }

  private read(text: string, isEnd: boolean): CsvRow[] {
    return this.separator === ' ' || !text.includes('"') ? this.readLines(text, isEnd) : this.readQuoted(text, isEnd);
  }

  /** Most tables of pixels have no quote, and this is several times as fast. */
  private readLines(text: string, isEnd: boolean): CsvRow[] {
    // A CR at the end of a piece may be the first half of a line break.
    const isHalf = !isEnd && text.endsWith('\r');
    const lines = (isHalf ? text.slice(0, -1) : text).split(/\r\n|\n|\r/);
    this.rest = isEnd ? '' : lines.pop()! + (isHalf ? '\r' : '');
    const rows: CsvRow[] = [];
    for (const text of lines) {
      const line = this.line++;
      if (text.trim() === '') continue;
      const cells = this.separator === ' ' ? text.trim().split(/\s+/) : text.split(this.separator);
      rows.push({ line, cells: cells.map((cell) => cell.trim()) });
    }
    return rows;
  }

  private readQuoted(text: string, isEnd: boolean): CsvRow[] {
    const rows: CsvRow[] = [];
    let at = 0;
    for (;;) {
      const row = at < text.length ? this.rowAt(text, at, isEnd) : undefined;
      if (!row) break;
      if (row.cells.some(Boolean)) rows.push({ line: this.line, cells: row.cells });
      this.line += row.lines;
      at = row.end;
    }
    this.rest = text.slice(at);
    return rows;
  }

  /** The row that begins at a position; undefined where its end has not come yet. */
  private rowAt(
    text: string,
    begin: number,
    isEnd: boolean,
  ): { cells: string[]; end: number; lines: number } | undefined {
    const cells: string[] = [];
    let lines = 0;
    let at = begin;
    for (;;) {
      let quoted = '';
      let start = at;
      while (text[start] === ' ') start++;
      if (text[start] === '"') {
        const close = closingQuote(text, start + 1);
        if (close < 0) return undefined;
        quoted = text.slice(start + 1, close);
        lines += quoted.split(/\r\n|\n|\r/).length - 1;
        quoted = quoted.replaceAll('""', '"');
        at = close + 1;
      }
      this.unquotedEnd.lastIndex = at;
      const end = this.unquotedEnd.exec(text)?.index ?? text.length;
      if (end === text.length && !isEnd) return undefined;
      cells.push((quoted + text.slice(at, end)).trim());
      if (text[end] === this.separator) {
        at = end + 1;
        continue;
      }
      if (text[end] === '\r' && end + 1 === text.length && !isEnd) return undefined;
      return { cells, end: end + (text.startsWith('\r\n', end) ? 2 : 1), lines: lines + 1 };
    }
  }
}

/** Two quotes in a row stand for one. A quote at the end of a piece may be the first of two: no separator has come after it. */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at;
  return -1;
}
