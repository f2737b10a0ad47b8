import { product } from '../product.ts';
import type { SpecializedKernel } from './kernel.ts';
import { type Binding, elementBytes } from './wgsl.ts';

const mostWorkgroups = 65535;
const mostWorkgroupBytes = 16384;

/** Matches the declarations of a shader at module scope. */
const declared = /\b(?:fn|struct|alias|const|override|var<[^>]*>)\s+(\w+)/g;
const directive = /^(?:enable|diagnostic)[^;]*;/gm;
const head = /@compute\s*@workgroup_size\(([^)]*)\)\s*fn main\(((?:[^()]|\(\w+\))*)\)/;

const namesIn = (text: string) => [...text.matchAll(declared)].map(([, name]) => name!);

/** Renames declarations at module scope, but not the members of structures. */
const renamed = (text: string, names: ReadonlyMap<string, string>) => {
  const nameOf = (name: string) => names.get(name) ?? name;
  return text.replace(/struct \w+\s*\{[^}]*\}|(\.\s*)?\b([a-zA-Z_]\w*)/g, (all, dot?: string, name?: string) => {
    if (!name) return all.replace(/(struct |: ?)(\w+)/g, (_, before: string, type: string) => before + nameOf(type));
    return dot ? all : nameOf(name);
  });
};

/** The value of a product of numbers and constants; NaN for any other expression. */
const productIn = (product: string, text: string): number =>
  product.split('*').reduce((value, factor) => {
    const name = factor.trim().replace(/u$/, '');
    return value * Number(new RegExp(`\\bconst ${name}\\s*=\\s*(\\d+)u`).exec(text)?.[1] ?? name);
  }, 1);

/** Invocations per workgroup. */
export const workgroupSize = ({ text }: SpecializedKernel): number =>
  productIn(/@workgroup_size\(([^)]*)\)/.exec(text)![1]!, text);

/** Upper bound of a kernel's workgroup memory in bytes: an array element takes up to 16. */
const workgroupBytes = ({ text }: SpecializedKernel): number =>
  [...text.matchAll(/var<workgroup>\s*\w+\s*:\s*(?:array<([^,]+),([^>]+)>)?/g)].reduce(
    (bytes, [, type, length]) => bytes + (type ? (elementBytes[type] ?? 16) * productIn(length!, text) : 16),
    0,
  );

/** The declaration of a binding without its number, and the part of it that doesn't depend on its name. */
function declarationOf(text: string, name: string): { binding: string; type: string } {
  const [binding, before, after] = new RegExp(
    `@group\\(0\\)\\s*@binding\\(\\d+\\)\\s*(var[^;:]*)\\b${name}\\s*:([^;]*);`,
  ).exec(text)!;
  return { binding, type: before! + after! };
}

/** `main` as a function, and its call for a workgroup; undefined if it takes a builtin that a joint launch doesn't have. */
function asFunction({ text, workgroups: [x, y, z] }: SpecializedKernel, name: string, at: string, size: number) {
  const parameters = head.exec(text)![2]!;
  const group = y * z === 1 ? `vec3u(${at}, 0u, 0u)` : `vec3u(${at} % ${x}u, ${at} / ${x}u % ${y}u, ${at} / ${x * y}u)`;
  const values: Record<string, string> = {
    workgroup_id: group,
    local_invocation_index: 'index',
    global_invocation_id: `${group} * vec3u(${size}u, 1u, 1u) + vec3u(index, 0u, 0u)`,
    num_workgroups: `vec3u(${x}u, ${y}u, ${z}u)`,
  };
  const given = [...parameters.matchAll(/@builtin\((\w+)\)/g)].map(([, builtin]) => values[builtin!]);
  if (given.includes(undefined)) return undefined;
  const plain = `fn ${name}(${parameters.replace(/@builtin\(\w+\)/g, '')})`;
  return { text: text.replace(directive, '').replace(head, () => plain), call: `${name}(${given.join(', ')});` };
}

/**
 * Two kernels in one launch: the first workgroups run `a`, the others `b`. Neither may need the other's results. Names that both declare
 * are renamed in `b`. Undefined if their workgroups differ in size, or if together they need too many storage buffers, too many workgroups
 * or too much workgroup memory.
 *
 * @param same the bindings of `b` that are bound to the same range of a buffer as one of `a`, with the latter's name. They become one if
 * their declarations are the same.
 * @param mostBuffers number of storage buffers that a shader may bind; every device allows 8.
 * @returns the kernel, and its name of each binding of `b`.
 */
export function joinKernels(
  a: SpecializedKernel,
  b: SpecializedKernel,
  same: ReadonlyMap<string, string>,
  mostBuffers = 8,
): Joined | undefined {
  const size = workgroupSize(a);
  const [first, second] = [product(a.workgroups), product(b.workgroups)];
  const one = asFunction(a, 'main_1', 'group.x', size);
  const two = asFunction(b, 'main_2', `(group.x - ${first}u)`, size);
  if (!one || !two || size !== workgroupSize(b) || first + second > mostWorkgroups) return undefined;
  return inOneText([a, one.text], [b, two.text], same, mostBuffers, {
    name: `${a.name} + ${b.name}`,
    size,
    workgroups: first + second,
    body: `if (group.x < ${first}u) { ${one.call} } else { ${two.call} }`,
  });
}

/**
 * Two kernels in one launch of a single workgroup, in which `b` reads the results of `a`: `a` has one workgroup, and the few workgroups of
 * `b` run one after the other. Undefined under the conditions of `joinKernels`, or if `b` reads results of `a` in a way that can't be
 * rewritten for the type with which `a` declares them.
 *
 * @param same the bindings of `b` that are bound to the same range of a buffer as one of `a`, with the latter's name.
 */
export function chainKernels(
  a: SpecializedKernel,
  b: SpecializedKernel,
  same: ReadonlyMap<string, string>,
  mostBuffers = 8,
): Joined | undefined {
  const size = workgroupSize(a);
  const shared = shareBindings(a, b, same);
  if (!shared || product(a.workgroups) !== 1 || size !== workgroupSize(b)) return undefined;
  // A chain of two may be the first kernel of a longer one.
  const mains = a.text.match(/\bfn main_/g)?.length ?? 0;
  const one = asFunction(shared.a, `main_${mains + 1}`, '0u', size);
  const two = asFunction(shared.b, `main_${mains + 2}`, 'each', size);
  if (!one || !two) return undefined;
  return inOneText([shared.a, one.text], [shared.b, two.text], same, mostBuffers, {
    name: `${a.name} -> ${b.name}`,
    size,
    workgroups: 1,
    body: `${one.call}
  for (var each = 0u; each < ${product(b.workgroups)}u; each++) {
    storageBarrier();
    workgroupBarrier();
    ${two.call}
  }`,
  });
}

const widths: Record<string, number> = { 'array<f32>': 1, 'array<vec2f>': 2, 'array<vec4f>': 4 };

/**
 * The same kernels, with a single declaration of each binding that they share. It has the type that `a` declares, and is writable if either
 * kernel writes to it.
 */
function shareBindings(a: SpecializedKernel, b: SpecializedKernel, same: ReadonlyMap<string, string>) {
  let [first, second] = [a, b];
  for (const [name, other] of same) {
    const own = b.bindings.find((binding) => binding.name === name)!;
    const given = a.bindings.find((binding) => binding.name === other)!;
    const isWritten = [own, given].some(({ access }) => access === 'read_write');
    if ([own, given].some(({ type }) => !type.startsWith('array'))) {
      if (isWritten) return undefined;
      continue;
    }
    if (own.type !== given.type) {
      const text = own.access === 'read' && readAs(second.text, name, widths[own.type], widths[given.type]);
      // A buffer that both only read may be bound twice.
      if (!text && isWritten) return undefined;
      if (!text) continue;
      second = { ...second, text };
    }
    if (isWritten && !(b.elements[name]! <= a.elements[other]!)) return undefined;
    const access = isWritten ? 'read_write' : given.access;
    const type = /array<.*/.exec(declarationOf(a.text, other).type)![0];
    [first, second] = [
      declaredAs(first, other, access, given.type, type),
      declaredAs(second, name, access, given.type, type),
    ];
  }
  return { a: first, b: second };
}

/** The kernel with another declaration of a binding. @param type with the length of the array. */
const declaredAs = (
  kernel: SpecializedKernel,
  name: string,
  access: Binding['access'],
  type: string,
  full: string,
): SpecializedKernel => ({
  ...kernel,
  text: kernel.text.replace(
    new RegExp(`var<storage,\\s*\\w+>\\s*${name}\\s*:[^;]*;`),
    () => `var<storage, ${access}> ${name}: ${full};`,
  ),
  bindings: kernel.bindings.map((one) => (one.name === name ? { ...one, access, type } : one)),
});

/**
 * The text of a kernel, changed to read an array of vectors from an array of numbers or the reverse. Undefined if it does anything with the
 * array but read its elements.
 *
 * @param width numbers in an element as the kernel reads it; undefined for anything but floats.
 * @param given the same of the array that is bound.
 */
function readAs(source: string, name: string, width = 0, given = 0): string | undefined {
  if (Math.min(width, given) !== 1) return undefined;
  const { binding } = declarationOf(source, name);
  let text = source.replace(binding, '').replace(/\/\/.*/g, '');
  const element = new RegExp(`(?<![.\\w])${name}\\[`, 'g');
  // From last to first, because an index may contain another access.
  for (let last = [...text.matchAll(element)].at(-1); last; last = [...text.matchAll(element)].at(-1)) {
    const begin = last.index + last[0].length;
    let end = begin;
    for (let open = 1; open > 0; end++) open += text[end] === '[' ? 1 : text[end] === ']' ? -1 : 0;
    text = `${text.slice(0, last.index)}element_of_${name}(${text.slice(begin, end - 1)})${text.slice(end)}`;
  }
  if (new RegExp(`(?<![.\\w])${name}\\b`).test(text)) return undefined;
  const parts = Array.from({ length: width }, (_, i) => `${name}[${width}u * i + ${i}u]`);
  const body =
    width === 1
      ? `-> f32 { return ${name}[i / ${given}u][i % ${given}u]; }`
      : `-> vec${width}f { return vec${width}f(${parts}); }`;
  return `${binding}\n${text}\nfn element_of_${name}(i: u32) ${body}\n`;
}

/** A joint kernel, and the new name of each binding of the second kernel that was renamed. */
export interface Joined {
  kernel: SpecializedKernel;
  names: ReadonlyMap<string, string>;
}

function inOneText(
  [a, one]: [SpecializedKernel, string],
  [b, two]: [SpecializedKernel, string],
  same: ReadonlyMap<string, string>,
  mostBuffers: number,
  { name, size, workgroups, body }: { name: string; size: number; workgroups: number; body: string },
): Joined | undefined {
  if (!(workgroupBytes(a) + workgroupBytes(b) <= mostWorkgroupBytes)) return undefined;
  const names = new Map<string, string>();
  const taken = new Set(namesIn(`${a.text}\n${one}`));
  for (const name of namesIn(b.text)) {
    let number = 2;
    while (taken.has(`${name}_${number}`)) number++;
    if (taken.has(name)) names.set(name, `${name}_${number}`);
  }
  const bindings = [...a.bindings];
  const free = Math.max(...bindings.map(({ index }) => index)) + 1;
  let rest = two.replace(/@binding\((\d+)\)/g, (_, index) => `@binding(${free + Number(index)})`);
  for (const { name, index, access, type } of b.bindings) {
    const other = same.get(name);
    const own = declarationOf(rest, name);
    // A structure's type has another name in each kernel.
    if (other && access !== 'uniform' && declarationOf(a.text, other).type === own.type) {
      names.set(name, other);
      rest = rest.replace(own.binding, '');
    } else {
      bindings.push({ name: names.get(name) ?? name, index: free + index, access, type });
    }
  }
  if (bindings.filter(({ access }) => access !== 'uniform').length > mostBuffers) return undefined;
  const inJoint = <V>(values: Record<string, V>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [names.get(name) ?? name, value]));
  const kernel: SpecializedKernel = {
    name,
    text: [
      ...new Set(`${a.text}\n${b.text}`.match(directive)),
      one,
      renamed(rest, names),
      `@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  ${body}
}`,
    ].join('\n'),
    bindings,
    constants: { ...a.constants, ...inJoint(b.constants) },
    variant: { ...a.variant, ...b.variant },
    elements: { ...inJoint(b.elements), ...a.elements },
    workgroups: [workgroups, 1, 1],
    cost: { flops: a.cost.flops + b.cost.flops, bytes: a.cost.bytes + b.cost.bytes },
  };
  return { kernel, names };
}
