import type { SpecializedKernel } from './kernel.ts';

/** Storage buffers that a shader may bind on every device. */
const mostBuffers = 8;
const mostWorkgroups = 65535;

/** A declaration at module scope. */
interface Declaration {
  name: string;
  text: string;
}

/** Splits a rendered shader into its directives, its declarations and `main`. */
function parse(text: string) {
  const directives: string[] = [];
  const declarations: Declaration[] = [];
  let depth = 0;
  let first = 0;
  const code = text.replace(/\/\/.*/g, '');
  for (const { 0: sign, index } of code.matchAll(/[{};]/g)) {
    if (sign === '{') depth++;
    if (sign === '}') depth--;
    if (depth > 0) continue;
    const one = code.slice(first, index + 1).trim();
    first = index + 1;
    const name = /\b(?:fn|struct|alias|const|override|var(?:<[^>]*>)?)\s+(\w+)/.exec(one)?.[1];
    if (name) declarations.push({ name, text: one });
    else if (one !== ';') directives.push(one);
  }
  return { directives, declarations };
}

/** Renames what is declared at module scope, but no member of a structure. */
const renamed = ({ text }: Declaration, names: ReadonlyMap<string, string>) =>
  text.replace(/(\.\s*)?\b([a-zA-Z_]\w*)\b(?=(\s*:)?)/g, (all, dot, name: string, colon) =>
    dot || (colon && text.startsWith('struct')) ? all : (names.get(name) ?? all),
  );

const head = /^@compute\s*@workgroup_size\(([^)]*)\)\s*fn main\((.*?)\)\s*(?=\{)/s;

/** Invocations per workgroup; NaN if they are not a product of numbers and constants. */
export function workgroupSize({ text }: SpecializedKernel): number {
  const factors = /@workgroup_size\(([^)]*)\)/.exec(text)![1]!.split('*');
  return factors.reduce((size, factor) => {
    const name = factor.trim();
    return size * Number(new RegExp(`\\bconst ${name}\\s*=\\s*(\\d+)u`).exec(text)?.[1] ?? name);
  }, 1);
}

/** The type of a binding, with its length. */
const typeIn = (texts: ReadonlyMap<string, string>, name: string) => texts.get(name)!.split(':')[1]!.trim();

/** The arguments of a `main`, from the workgroup's index among its own; undefined for a builtin that a joint launch doesn't have. */
function argumentsOf(parameters: string, [x, y, z]: readonly number[], at: string, size: number): string | undefined {
  const group =
    y === 1 && z === 1 ? `vec3u(${at}, 0u, 0u)` : `vec3u(${at} % ${x}u, ${at} / ${x}u % ${y}u, ${at} / ${x! * y!}u)`;
  const values: Record<string, string> = {
    workgroup_id: group,
    local_invocation_index: 'index',
    global_invocation_id: `${group} * vec3u(${size}u, 1u, 1u) + vec3u(index, 0u, 0u)`,
    num_workgroups: `vec3u(${x}u, ${y}u, ${z}u)`,
  };
  const given = [...parameters.matchAll(/@builtin\((\w+)\)/g)].map(([, name]) => values[name!]);
  return given.includes(undefined) ? undefined : given.join(', ');
}

/**
 * Two kernels in one launch: the first workgroups run `a`, the others `b`. Neither may need the other's results. Names that both
 * declare are changed in `b`. Undefined if their workgroups differ in size, or together they need more storage buffers or
 * workgroups than every device has.
 *
 * @param same the bindings of `b` that are bound to the same range of a buffer as one of `a`, with the latter's name. They become one if
 * their declarations are the same.
 * @returns the kernel, and its name of each binding of `b`.
 */
export function joinKernels(
  a: SpecializedKernel,
  b: SpecializedKernel,
  same: ReadonlyMap<string, string>,
): { kernel: SpecializedKernel; names: ReadonlyMap<string, string> } | undefined {
  const size = workgroupSize(a);
  if (size !== workgroupSize(b)) return undefined;
  const [one, two] = [parse(a.text), parse(b.text)];
  const [texts, own] = [one, two].map(
    ({ declarations }) => new Map(declarations.map(({ name, text }) => [name, text])),
  ) as [Map<string, string>, Map<string, string>];
  const free = Math.max(...a.bindings.map(({ index }) => index)) + 1;
  const names = new Map<string, string>();
  // A structure of the same text is the same type, so that both can bind a buffer of it.
  const isShared = ({ name, text }: Declaration) => text.startsWith('struct') && texts.get(name) === text;
  for (const declaration of two.declarations) {
    const { name } = declaration;
    if (texts.has(name) && !isShared(declaration)) names.set(name, `${name}_2`);
  }
  const bindings = [...a.bindings];
  const joint = new Set<string>();
  for (const binding of b.bindings) {
    const other = a.bindings.find(({ name }) => name === same.get(binding.name));
    if (other && typeIn(texts, other.name) === typeIn(own, binding.name) && other.access === binding.access) {
      names.set(binding.name, other.name);
      joint.add(binding.name);
    } else {
      bindings.push({ ...binding, name: names.get(binding.name) ?? binding.name, index: free + binding.index });
    }
  }
  const count = (of: readonly number[]) => of.reduce((product, n) => product * n, 1);
  const [first, second] = [count(a.workgroups), count(b.workgroups)];
  if (bindings.filter(({ access }) => access !== 'uniform').length > mostBuffers) return undefined;
  if (first + second > mostWorkgroups) return undefined;
  const heads = [one, two].map(
    ({ declarations }) => head.exec(declarations.find(({ name }) => name === 'main')!.text)!,
  );
  const calls = [
    argumentsOf(heads[0]![2]!, a.workgroups, 'group.x', size),
    argumentsOf(heads[1]![2]!, b.workgroups, `(group.x - ${first}u)`, size),
  ];
  if (calls.includes(undefined)) return undefined;
  const parametersOf = (main: RegExpExecArray) => main[2]!.replace(/@builtin\(\w+\)/g, '');
  names.set('main', 'main_2');
  const text = [
    ...new Set([...one.directives, ...two.directives]),
    ...one.declarations.map(({ name, text }) =>
      name === 'main' ? text.replace(head, () => `fn main_1(${parametersOf(heads[0]!)}) `) : text,
    ),
    ...two.declarations
      .filter((declaration) => !joint.has(declaration.name) && !isShared(declaration))
      .map((declaration) => {
        const { name, text } = declaration;
        const plain = name === 'main' ? text.replace(head, () => `fn main(${parametersOf(heads[1]!)}) `) : text;
        return renamed({ name, text: plain }, names).replace(
          /@binding\((\d+)\)/,
          (_, index) => `@binding(${free + Number(index)})`,
        );
      }),
    `@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  if (group.x < ${first}u) { main_1(${calls[0]}); } else { main_2(${calls[1]}); }
}`,
  ].join('\n');
  const inJoint = <V>(values: Record<string, V>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [names.get(name) ?? name, value]));
  const kernel: SpecializedKernel = {
    name: `${a.name} + ${b.name}`,
    text,
    bindings,
    constants: { ...a.constants, ...inJoint(b.constants) },
    variant: { ...a.variant, ...b.variant },
    elements: { ...inJoint(b.elements), ...a.elements },
    workgroups: [first + second, 1, 1],
    cost: { flops: a.cost.flops + b.cost.flops, bytes: a.cost.bytes + b.cost.bytes },
  };
  return { kernel, names };
}
