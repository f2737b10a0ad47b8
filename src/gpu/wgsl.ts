import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { ShaderError } from '../errors.ts';

/** One `@group(0) @binding(n) var<...> name: type;` of a rendered shader. */
export interface Binding {
  name: string;
  index: number;
  access: 'uniform' | 'read' | 'read_write';
  type: string;
}

export type Hole = string | number | boolean;

const hole = /\$\{(\w+)\}/g;

/**
 * Fills the `${name}` holes of a shader and resolves its `#if ${flag}` lines with wgsl-preprocessor, then unrolls its loops.
 *
 * @throws ShaderError if a hole has no value or a value has no hole. Holes in comments are not counted, because the build
 * strips comments.
 */
export function render(name: string, source: string, holes: Record<string, Hole> = {}): string {
  const strings: string[] = [];
  const values: Hole[] = [];
  const used = new Set<string>();
  let last = 0;
  for (const match of source.matchAll(hole)) {
    const key = match[1]!;
    if (!(key in holes)) {
      throw new ShaderError({
        what: `${name}.wgsl has a hole that nothing fills`,
        found: `\${${key}}`,
        expected: Object.keys(holes).join(', '),
      });
    }
    strings.push(source.slice(last, match.index));
    values.push(holes[key]!);
    if (!isInComment(source, match.index)) used.add(key);
    last = match.index + match[0].length;
  }
  strings.push(source.slice(last));
  const unused = Object.keys(holes).filter((key) => !used.has(key));
  if (unused.length) {
    throw new ShaderError({
      what: `${name}.wgsl never uses a value that it is given`,
      found: unused.join(', '),
      expected: [...used].join(', '),
    });
  }
  const text = unroll(name, preprocess(name, strings, values));
  // WGSL requires the directive before all declarations, also those of the shader to which a fragment is appended.
  return /(quad|subgroup)[A-Z]/.test(text) ? `enable subgroups; ${text}` : text;
}

/** Resolves the `#if` lines. @throws ShaderError if `#if` and `#endif` don't pair. */
function preprocess(name: string, strings: string[], values: readonly Hole[]): string {
  try {
    return wgsl(Object.assign(strings, { raw: strings }) as unknown as TemplateStringsArray, ...values);
  } catch (cause) {
    throw unpaired(name, '#if and #endif', (cause as Error).message);
  }
}

const isInComment = (source: string, at: number) => source.slice(source.lastIndexOf('\n', at) + 1, at).includes('//');

const unpaired = (name: string, pair: string, found: string) =>
  new ShaderError({ what: `${name}.wgsl: ${pair} don't pair`, found });

const loop = /^[ \t]*%for ([a-z]) in (\d+)\.\.(\d+)$/;

/**
 * Expands the lines between `%for i in 0..4` and `%end` once for each i, with `$i` replaced by its value. Tint does not unroll
 * loops, and values stay in registers only if they are named variables rather than array elements. Loops may be nested.
 *
 * @throws ShaderError for a `%for` without `%end` or the reverse.
 */
function unroll(name: string, text: string): string {
  const open: { letter: string; numbers: number[]; lines: string[] }[] = [];
  const done: string[] = [];
  const pair = '%for and %end';
  for (const line of text.split('\n')) {
    const begins = loop.exec(line);
    if (begins) {
      const [first, end] = [Number(begins[2]), Number(begins[3])];
      const numbers = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
      open.push({ letter: begins[1]!, numbers, lines: [] });
    } else if (line.trim() === '%end') {
      const closed = open.pop();
      if (!closed) throw unpaired(name, pair, 'an %end without a %for');
      const into = open.at(-1)?.lines ?? done;
      for (const i of closed.numbers) into.push(...closed.lines.map((l) => l.replaceAll(`$${closed.letter}`, `${i}`)));
    } else if (line.trimStart().startsWith('%')) {
      throw unpaired(name, pair, line.trim());
    } else {
      (open.at(-1)?.lines ?? done).push(line);
    }
  }
  if (open.length) throw unpaired(name, pair, `a %for ${open[0]!.letter} without an %end`);
  return done.join('\n');
}

/** Bytes of an element of an array, by its type. */
export const elementBytes: Record<string, number> = {
  f32: 4,
  u32: 4,
  i32: 4,
  vec2f: 8,
  vec2u: 8,
  vec4f: 16,
  vec4u: 16,
};

/**
 * Declares the storage arrays of a rendered shader with fixed lengths. A bounds check against a constant costs less than one
 * against the length of the bound buffer: the difference is a fifth of a convolution's time on SwiftShader.
 *
 * @param words 4-byte words of each binding, by name.
 */
export function withLengths(text: string, words: Record<string, number>): string {
  return text.replace(
    /(var<storage,\s*read(?:_write)?>\s*(\w+)\s*:\s*)array<(\w+)>;/g,
    (declared, head: string, name: string, type: string) => {
      const bytes = elementBytes[type];
      return bytes ? `${head}array<${type}, ${Math.max(1, Math.ceil((4 * words[name]!) / bytes))}>;` : declared;
    },
  );
}

const declaration =
  /@group\(0\)\s*@binding\((\d+)\)\s*var<(uniform|storage)(?:,\s*(read|read_write))?>\s*(\w+)\s*:\s*([^;]+);/g;

/** The bindings declared in a rendered shader, in the order of their numbers. */
export function readBindings(text: string): Binding[] {
  return [...text.matchAll(declaration)]
    .map(([, index, space, access, name, type]) => ({
      name: name!,
      index: Number(index),
      access:
        space === 'uniform'
          ? ('uniform' as const)
          : access === 'read_write'
            ? ('read_write' as const)
            : ('read' as const),
      type: type!.trim(),
    }))
    .sort((a, b) => a.index - b.index);
}

/** Names of the `override` constants of a rendered shader. */
export function readOverrides(text: string): string[] {
  return [...text.matchAll(/^\s*override\s+(\w+)/gm)].map((match) => match[1]!);
}

/**
 * Quotes the rendered lines around each compiler message, with a caret. Line numbers refer to the rendered text, which differs from the
 * file.
 */
export function excerpt(text: string, messages: readonly GPUCompilationMessage[]): string {
  const lines = text.split('\n');
  return messages
    .map((message) => {
      const at = message.lineNum - 1;
      const before = lines.slice(Math.max(0, at - 2), at + 1).map((line) => `    ${line}`);
      return [
        `${message.type}: ${message.message} (line ${message.lineNum})`,
        ...before,
        `    ${' '.repeat(Math.max(0, message.linePos - 1))}^`,
      ].join('\n');
    })
    .join('\n');
}
