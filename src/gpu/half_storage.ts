import halfPair from '../../shaders/lib/half_pair.wgsl?raw';
import type { SpecializedKernel } from './kernel.ts';

/** How the elements of one binding are stored. */
export interface StoredBinding {
  /** True for float16; otherwise the elements keep their type. */
  half: boolean;
  /** Each element is multiplied by this factor after it is read. */
  read: Factor;
  /** Each element is multiplied by this factor before it is written. */
  write: Factor;
}

/**
 * A power of two, or one that changes from step to step: the first number of the uniform `loss_scale`, or its second number, which is the
 * inverse of the first.
 */
export type Factor = number | 'scale' | 'inverse';

const isDynamic = (factor: Factor) => typeof factor === 'string';

/** The shortest decimal form of a power of two is exact. */
const factorText = (factor: Factor) =>
  isDynamic(factor) ? `loss_scale.${factor === 'scale' ? 'x' : 'y'}` : `f32(${factor})`;

/** Numbers in an element of an array, by the type that a kernel declares. */
const widths: Record<string, number> = { 'array<f32>': 1, 'array<vec2f>': 2, 'array<vec4f>': 4 };

/**
 * The same kernel with some of its arrays of floats stored as halves, or multiplied by a factor when they are read or written. All
 * arithmetic stays in float32. A factor that changes adds the binding `loss_scale`, a uniform. Element i is half i of the array, whatever
 * the width with which a kernel declares it, so one kernel may write vectors of four and another read single numbers.
 *
 * Undefined if a binding has another type, if halves are written one at a time (two share a word), or if the kernel does anything with the
 * array but read and assign whole elements.
 */
export function withStorage(
  kernel: SpecializedKernel,
  stored: Iterable<readonly [string, StoredBinding]>,
): SpecializedKernel | undefined {
  let text = kernel.text.replace(/\/\/.*/g, '');
  const functions = new Set<string>();
  const elements = { ...kernel.elements };
  let { bytes } = kernel.cost;
  let bindings = kernel.bindings;
  for (const [name, storage] of stored) {
    const { half } = storage;
    const binding = kernel.bindings.find((each) => each.name === name)!;
    const width = widths[binding.type];
    const isWritten = binding.access === 'read_write';
    if (!width || (half && isWritten && width === 1)) return undefined;
    const declaration = new RegExp(`var<storage,\\s*\\w+>\\s*${name}\\s*:\\s*array<\\w+(?:,\\s*(\\d+))?>;`).exec(text);
    if (!declaration) return undefined;
    const [declared, length] = declaration;
    const rest = rewritten(text.replace(declared, marker), name);
    if (rest === undefined) return undefined;
    const words = width === 4 ? 'vec2u' : 'u32';
    const count = length && `, ${width === 1 ? Math.ceil(Number(length) / 2) : length}`;
    text = rest.replace(marker, () =>
      half ? `var<storage, ${binding.access}> ${name}: array<${words}${count ?? ''}>;` : declared,
    );
    if (half && isWritten) functions.add(halfPair);
    functions.add(accessTo(name, width, isWritten, storage));
    if (!elements.loss_scale && [storage.read, storage.write].some(isDynamic)) {
      const index = Math.max(...bindings.map((each) => each.index)) + 1;
      bindings = [...bindings, { name: 'loss_scale', index, access: 'uniform', type: 'vec4f' }];
      elements.loss_scale = 4;
      functions.add(`@group(0) @binding(${index}) var<uniform> loss_scale: vec4f;\n`);
    }
    if (half) {
      // Costs assume that every element moves once.
      bytes -= Math.min(2 * elements[name]!, bytes / 2);
      elements[name] = Math.ceil(elements[name]! / 2);
    }
  }
  return {
    ...kernel,
    bindings,
    text: `${text.trimEnd()}\n${[...functions].join('')}`,
    elements,
    cost: { ...kernel.cost, bytes },
  };
}

/** Stands for the declaration while the accesses are replaced. */
const marker = '\u0000';

/** The functions that read and write an element. */
function accessTo(name: string, width: number, isWritten: boolean, { half, read, write }: StoredBinding): string {
  const type = width === 1 ? 'f32' : `vec${width}f`;
  const at = `${name}[i]`;
  const [value, words] = !half
    ? [at, 'w']
    : width === 4
      ? [`vec4f(unpack2x16float(${at}.x), unpack2x16float(${at}.y))`, 'vec2u(half_pair(w.xy), half_pair(w.zw))']
      : width === 2
        ? [`unpack2x16float(${at})`, 'half_pair(w)']
        : [`unpack2x16float(${name}[i >> 1u] >> (16u * (i & 1u))).x`, ''];
  const load = `fn load_from_${name}(i: u32) -> ${type} { return ${factorText(read)} * ${value}; }\n`;
  return isWritten
    ? `${load}fn store_to_${name}(i: u32, v: ${type}) { let w = ${factorText(write)} * v; ${at} = ${words}; }\n`
    : load;
}

/** The index one past the bracket that closes the one before `begin`. */
function closing(text: string, begin: number): number {
  let end = begin;
  for (let open = 1; open > 0; end++) open += text[end] === '[' ? 1 : text[end] === ']' ? -1 : 0;
  return end;
}

/** The text with every access to an array replaced by a call. Undefined if there is any other use. */
function rewritten(source: string, name: string): string | undefined {
  const own = `(?<![.\\w])${name}`;
  // A parameter or a variable of the same name hides the binding in its whole function.
  const hides = new RegExp(`${own}\\s*:|\\b(?:let|var|const)\\s+${name}\\b`);
  const parts = source.split(/^(?=fn |@compute)/m).map((part) => (hides.test(part) ? part : accessesIn(part, name)));
  if (parts.includes(undefined)) return undefined;
  return parts.join('');
}

function accessesIn(part: string, name: string): string | undefined {
  const own = `(?<![.\\w])${name}`;
  let text = part;
  const element = new RegExp(`${own}\\s*\\[`, 'g');
  // From last to first, because an index or a value may contain another access.
  for (let last = [...text.matchAll(element)].at(-1); last; last = [...text.matchAll(element)].at(-1)) {
    const begin = last.index + last[0].length;
    const end = closing(text, begin);
    const index = `u32(${text.slice(begin, end - 1)})`;
    const after = text.slice(end);
    const assigned = /^((?:\s*\.\s*\w+|\s*\[[^\]]*\])*)\s*([-+*/%&|^]?)=(?!=)/.exec(after);
    if (assigned?.[1] || /^\s*(?:\+\+|--)/.test(after) || /&\s*$/.test(text.slice(0, last.index))) return undefined;
    const load = `load_from_${name}(${index})`;
    if (!assigned) {
      text = `${text.slice(0, last.index)}${load}${after}`;
      continue;
    }
    const [all, , operator] = assigned;
    const semicolon = after.indexOf(';');
    const value = after.slice(all.length, semicolon).trim();
    const result = operator ? `${load} ${operator} (${value})` : value;
    text = `${text.slice(0, last.index)}store_to_${name}(${index}, ${result})${after.slice(semicolon)}`;
  }
  return new RegExp(`${own}\\b(?!\\s*\\()`).test(text) ? undefined : text;
}
