import { product } from '../product.ts';
import type { SpecializedKernel } from './kernel.ts';
import { elementBytes } from './wgsl.ts';

const mostWorkgroups = 65535;
const mostWorkgroupBytes = 16384;

/** What a shader declares at module scope. */
const declared = /\b(?:fn|struct|alias|const|override|var<[^>]*>)\s+(\w+)/g;
const directive = /^(?:enable|diagnostic)[^;]*;/gm;
const head = /@compute\s*@workgroup_size\(([^)]*)\)\s*fn main\(((?:[^()]|\(\w+\))*)\)/;

const namesIn = (text: string) => [...text.matchAll(declared)].map(([, name]) => name!);

/** Renames what is declared at module scope, but no member of a structure. */
const renamed = (text: string, names: ReadonlyMap<string, string>) => {
  const nameOf = (name: string) => names.get(name) ?? name;
  return text.replace(/struct \w+\s*\{[^}]*\}|(\.\s*)?\b([a-zA-Z_]\w*)/g, (all, dot?: string, name?: string) => {
    if (!name) return all.replace(/(struct |: ?)(\w+)/g, (_, before: string, type: string) => before + nameOf(type));
    return dot ? all : nameOf(name);
  });
};

/** The value of a product of numbers and constants; NaN if it is anything else. */
const productIn = (product: string, text: string): number =>
  product.split('*').reduce((value, factor) => {
    const name = factor.trim().replace(/u$/, '');
    return value * Number(new RegExp(`\\bconst ${name}\\s*=\\s*(\\d+)u`).exec(text)?.[1] ?? name);
  }, 1);

/** Invocations per workgroup. */
export const workgroupSize = ({ text }: SpecializedKernel): number =>
  productIn(/@workgroup_size\(([^)]*)\)/.exec(text)![1]!, text);

/** Memory that a workgroup shares, at most: an element of an array takes up to 16 bytes. */
const workgroupBytes = ({ text }: SpecializedKernel): number =>
  [...text.matchAll(/var<workgroup>\s*\w+\s*:\s*(?:array<([^,]+),([^>]+)>)?/g)].reduce(
    (bytes, [, type, length]) => bytes + (type ? (elementBytes[type] ?? 16) * productIn(length!, text) : 16),
    0,
  );

/** The declaration of a binding without its number, and what of it doesn't depend on its name. */
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
 * Two kernels in one launch: the first workgroups run `a`, the others `b`. Neither may need the other's results. Names that both
 * declare are changed in `b`. Undefined if their workgroups differ in size, or together they need too many storage buffers,
 * workgroups or bytes that a workgroup shares.
 *
 * @param same the bindings of `b` that are bound to the same range of a buffer as one of `a`, with the latter's name. They become one if
 * their declarations are the same.
 * @param mostBuffers number of storage buffers that a shader may bind: every device allows 8.
 * @returns the kernel, and its name of each binding of `b`.
 */
export function joinKernels(
  a: SpecializedKernel,
  b: SpecializedKernel,
  same: ReadonlyMap<string, string>,
  mostBuffers = 8,
): { kernel: SpecializedKernel; names: ReadonlyMap<string, string> } | undefined {
  const size = workgroupSize(a);
  const [first, second] = [product(a.workgroups), product(b.workgroups)];
  const one = asFunction(a, 'main_1', 'group.x', size);
  const two = asFunction(b, 'main_2', `(group.x - ${first}u)`, size);
  if (!one || !two || size !== workgroupSize(b) || first + second > mostWorkgroups) return undefined;
  if (!(workgroupBytes(a) + workgroupBytes(b) <= mostWorkgroupBytes)) return undefined;
  const names = new Map<string, string>();
  const taken = new Set(namesIn(a.text));
  for (const name of namesIn(b.text)) if (taken.has(name)) names.set(name, `${name}_2`);
  const bindings = [...a.bindings];
  const free = Math.max(...bindings.map(({ index }) => index)) + 1;
  let rest = two.text.replace(/@binding\((\d+)\)/g, (_, index) => `@binding(${free + Number(index)})`);
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
    name: `${a.name} + ${b.name}`,
    text: [
      ...new Set(`${a.text}\n${b.text}`.match(directive)),
      one.text,
      renamed(rest, names),
      `@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  if (group.x < ${first}u) { ${one.call} } else { ${two.call} }
}`,
    ].join('\n'),
    bindings,
    constants: { ...a.constants, ...inJoint(b.constants) },
    variant: { ...a.variant, ...b.variant },
    elements: { ...inJoint(b.elements), ...a.elements },
    workgroups: [first + second, 1, 1],
    cost: { flops: a.cost.flops + b.cost.flops, bytes: a.cost.bytes + b.cost.bytes },
  };
  return { kernel, names };
}
