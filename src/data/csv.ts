/** A row of a table; surrounding spaces and quotes are removed from its cells. */
export interface CsvRow {
  /** Line of the file in which the row begins, counted from 1. */
  line: number;
  cells: string[];
}

/** Possible separators between cells; if none occurs, cells are separated by spaces. */
const separators = [',', ';', '\t'];

/** The separator that occurs most often in the first row, outside of quotes. */
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
 * Parses CSV (RFC 4180) from text that arrives in chunks, with the rules of Python's csv module with skipinitialspace: a quoted
 * cell may contain separators, line breaks and doubled quotes, a quote within an unquoted cell is an ordinary character, and lines
 * end in LF, CRLF or CR. Empty lines are skipped. With a space as the separator, cells can't be quoted and may be separated by
 * several spaces.
 */
export class CsvReader {
  private rest = '';
  private line = 1;
  private readonly unquotedEnd: RegExp;

  constructor(private readonly separator: string) {
    this.unquotedEnd = new RegExp(`[${separator}\\r\\n]`, 'g');
  }

  /** Number of characters in the incomplete row at the end. */
  get pending(): number {
    return this.rest.length;
  }

  /** Returns the rows completed by this chunk. */
  push(text: string): CsvRow[] {
    return this.read(this.rest + text, false);
  }

  /** Returns the last row if it has no line break at the end. @returns undefined if a quote is not closed. */
  end(): CsvRow[] | undefined {
    const rows = this.read(this.rest, true);
    return this.rest === '' ? rows : undefined;
  }

  /** Line in which the incomplete row begins. */
  get pendingLine(): number {
    return this.line;
  }

  private read(text: string, isEnd: boolean): CsvRow[] {
    return this.separator === ' ' || !text.includes('"') ? this.readLines(text, isEnd) : this.readQuoted(text, isEnd);
  }

  /** Fast path for text without quotes, several times faster: most tables of pixels have none. */
  private readLines(text: string, isEnd: boolean): CsvRow[] {
    // A CR at the end of a chunk may be the first half of a CRLF.
    const isHalf = !isEnd && text.endsWith('\r');
    const lines = (isHalf ? text.slice(0, -1) : text).split(/\r\n|\n|\r/);
    this.rest = isEnd ? '' : lines.pop()! + (isHalf ? '\r' : '');
    const rows: CsvRow[] = [];
    for (const text of lines) {
      const line = this.line++;
      const cells = this.separator === ' ' ? text.trim().split(/\s+/) : text.split(this.separator);
      const row = { line, cells: cells.map((cell) => cell.trim()) };
      if (!isEmptyLine(row)) rows.push(row);
    }
    return rows;
  }

  private readQuoted(text: string, isEnd: boolean): CsvRow[] {
    const rows: CsvRow[] = [];
    let at = 0;
    for (;;) {
      const row = at < text.length ? this.rowAt(text, at, isEnd) : undefined;
      if (!row) break;
      if (!isEmptyLine(row)) rows.push({ line: this.line, cells: row.cells });
      this.line += row.lines;
      at = row.end;
    }
    this.rest = text.slice(at);
    return rows;
  }

  /** Parses the row that begins at a position; returns undefined if its end has not arrived yet. */
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

/** A row of separators alone is not empty: it has cells, which Python's csv module returns as well. */
const isEmptyLine = ({ cells }: { cells: readonly string[] }) => cells.length === 1 && cells[0] === '';

/**
 * Finds the closing quote. Doubled quotes are skipped. A quote at the end of a chunk may be the first of two, so it does not count
 * as closing.
 */
function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at;
  return -1;
}
