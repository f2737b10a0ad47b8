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
 * Fills the `${name}` holes of a shader and resolves its `#if ${flag}` lines with wgsl-preprocessor.
 *
 * @throws ShaderError when a hole has no value or a value has no hole: either is a slip of the pen.
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
        wanted: Object.keys(holes).join(', '),
      });
    }
    strings.push(source.slice(last, match.index));
    values.push(holes[key]!);
    used.add(key);
    last = match.index + match[0].length;
  }
  strings.push(source.slice(last));
  const unused = Object.keys(holes).filter((key) => !used.has(key));
  if (unused.length) {
    throw new ShaderError({
      what: `${name}.wgsl never uses a value that it is given`,
      found: unused.join(', '),
      wanted: [...used].join(', '),
    });
  }
  return wgsl(Object.assign(strings, { raw: strings }) as unknown as TemplateStringsArray, ...values);
}

const declaration =
  /@group\(0\)\s*@binding\((\d+)\)\s*var<(uniform|storage)(?:,\s*(read|read_write))?>\s*(\w+)\s*:\s*([^;]+);/g;

/** The bindings of a rendered shader, read from its text, in the order of their numbers. */
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

/** The names of the `override` constants of a rendered shader. */
export function readOverrides(text: string): string[] {
  return [...text.matchAll(/^\s*override\s+(\w+)/gm)].map((match) => match[1]!);
}

/** The rendered lines around each message, with a caret: rendering moves line numbers, so the text itself is quoted. */
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
