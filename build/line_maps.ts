import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Plugin } from 'vite';

/** A source map, version 3, as written by a bundler. */
interface SourceMap {
  sources: string[];
  mappings: string;
}

/**
 * Writes source maps that contain the file and the line of everything that can appear in the stack of an error, and the URL of the sources.
 * Maps with names, columns, sources and the lines of dependencies would be larger than the package.
 *
 * @param root the folder of the sources.
 * @param web the URL of that folder.
 * @param isMapped whether a file gets a map.
 */
export const lineMaps = (root: string, web: string, isMapped: (fileName: string) => boolean): Plugin => ({
  name: 'wgrad-line-maps',
  apply: 'build',
  writeBundle({ dir }, bundle) {
    for (const fileName of Object.keys(bundle)) {
      if (!fileName.endsWith('.map')) continue;
      const path = join(dir!, fileName);
      const script = path.slice(0, -'.map'.length);
      const code = readFileSync(script, 'utf8');
      if (!isMapped(fileName)) {
        writeFileSync(script, code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
        rmSync(path);
        continue;
      }
      const { sources, mappings } = JSON.parse(readFileSync(path, 'utf8')) as SourceMap;
      const inRoot = sources.map((source) => relative(root, resolve(path, '..', source)));
      const own = inRoot.filter(isOwn);
      const numbers = inRoot.map((source) => (isOwn(source) ? own.indexOf(source) : undefined));
      const lines = linesOnly(mappings, code.split('\n'), numbers);
      writeFileSync(path, JSON.stringify({ version: 3, sourceRoot: web, sources: own, names: [], mappings: lines }));
    }
  },
});

/** Whether a source belongs to wgrad. Lines of shaders and of dependencies are not mapped. */
const isOwn = (source: string) => source.startsWith('src/');

/** Matches code that the stack of an error can point at: a call, an access that may fail, or a throw. */
const canFail = /[([.`]|throw|await|yield/;

/**
 * Removes names, source columns, and all positions at which the source line stays the same or nothing can fail from mappings.
 *
 * @param code the lines of the generated file.
 * @param numbers the new index of each source, or undefined to leave out its lines.
 */
export function linesOnly(mappings: string, code: readonly string[], numbers: readonly (number | undefined)[]): string {
  let [source, line] = [0, 0];
  let [writtenSource, writtenLine] = [0, 0];
  const rows = mappings.split(';').map((row, at) => {
    let column = 0;
    const places = row.split(',').flatMap((segment) => {
      const [columns, sources = 0, lines = 0] = numbersIn(segment);
      if (columns === undefined) return [];
      column += columns;
      source += sources;
      line += lines;
      const number = numbers[source];
      return number === undefined ? [] : [{ column, source: number, line }];
    });
    const changes = places.filter((place, i) => !isSameLine(place, places[i - 1]));
    let writtenColumn = 0;
    let last: Place | undefined;
    const kept = changes.flatMap((place, i) => {
      const mapped = code[at]!.slice(place.column, changes[i + 1]?.column);
      if (isSameLine(place, last) || !canFail.test(mapped)) return [];
      last = place;
      const { column, source, line } = place;
      const text = [column - writtenColumn, source - writtenSource, line - writtenLine, 0].map(textOf).join('');
      [writtenColumn, writtenSource, writtenLine] = [column, source, line];
      return [text];
    });
    return kept.join(',');
  });
  return rows.join(';');
}

interface Place {
  column: number;
  source: number;
  line: number;
}

const isSameLine = (a: Place, b: Place | undefined) => a.source === b?.source && a.line === b.line;

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Decodes the numbers of a segment: base 64 VLQ, with five bits per digit and a sign bit. */
function numbersIn(segment: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const letter of segment) {
    const digit = digits.indexOf(letter);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

function textOf(number: number): string {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>= 5;
    text += digits[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}
