import { expect, test } from 'vitest';
import { chainKernels, joinKernels, workgroupSize } from '../../src/gpu/join.ts';
import { type Kernel, type SpecializedKernel, specialize } from '../../src/gpu/kernel.ts';
import { type Binding, readBindings, readOverrides } from '../../src/gpu/wgsl.ts';

const kernel = (name: string, source: string, more: Partial<Kernel<object>> = {}): SpecializedKernel =>
  specialize(
    {
      name,
      source,
      buffers: () => ({ x: 64, y: 64 }),
      workgroups: () => [1],
      cost: () => ({ flops: 1, bytes: 2 }),
      ...more,
    },
    {},
    { software: false, subgroupSize: 0 },
  );

const scale = `// y = factor x
enable subgroups;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
override factor: f32;
struct Pair { x: f32, factor: f32, }
fn of(at: u32) -> Pair { return Pair(x[at], factor); } // a comment; with { punctuation }
@compute @workgroup_size(4 * 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let pair = of(group.x * 64u + index);
  y[group.x * 64u + index] = pair.x * pair.factor;
}
`;
const add = `// y = x + shift
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
override factor: f32;
struct Pair { y: f32, factor: f32, }
fn of(at: u32) -> Pair { return Pair(x[at], factor); }
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let pair = of(id.y * groups.x * 64u + id.x);
  y[id.y * groups.x * 64u + id.x] = pair.y + pair.factor;
}
`;
const a = kernel('scale', scale, { constants: () => ({ factor: 3 }), workgroups: () => [5] });
const b = kernel('add', add, { constants: () => ({ factor: 7 }), workgroups: () => [3, 2] });

test('names that both shaders declare are renamed in the second, but not the members of its structures', () => {
  const { kernel, names } = joinKernels(a, b, new Map())!;
  expect(Object.fromEntries(names)).toEqual({
    x: 'x_2',
    y: 'y_2',
    factor: 'factor_2',
    Pair: 'Pair_2',
    of: 'of_2',
    main: 'main_2',
  });
  expect(kernel.text).toContain('struct Pair_2 { y: f32, factor: f32, }');
  expect(kernel.text).toContain('fn of_2(at: u32) -> Pair_2 { return Pair_2(x_2[at], factor_2); }');
  expect(kernel.text).toContain('= pair.y + pair.factor;');
  expect(kernel.text).toContain('= pair.x * pair.factor;');
  expect(kernel.constants).toEqual({ factor: 3, factor_2: 7 });
  expect(readOverrides(kernel.text)).toEqual(['factor', 'factor_2']);
  expect(kernel.text.match(/fn main\(/g)).toHaveLength(1);
  expect(kernel.text.trimStart().startsWith('enable subgroups;')).toBe(true);
});

test('the bindings are those of the text, each with its size', () => {
  const { kernel } = joinKernels(a, b, new Map())!;
  const places = (bindings: readonly Binding[]) => bindings.map(({ name, index, access }) => [name, index, access]);
  expect(places(readBindings(kernel.text))).toEqual(places(kernel.bindings));
  expect(kernel.bindings.map(({ name }) => name)).toEqual(['x', 'y', 'x_2', 'y_2']);
  expect(kernel.elements).toEqual({ x: 64, y: 64, x_2: 64, y_2: 64 });
});

test('a range of a buffer that both bind in the same way is bound once', () => {
  const { kernel, names } = joinKernels(a, b, new Map([['x', 'x']]))!;
  expect(names.get('x')).toBe('x');
  expect(kernel.bindings.map(({ name }) => name)).toEqual(['x', 'y', 'y_2']);
  expect(kernel.text.match(/var<storage, read> x: /g)).toHaveLength(1);
  // Other lengths are other types: each keeps its own.
  const longer = kernel1024();
  expect(joinKernels(a, longer, new Map([['x', 'x']]))!.kernel.bindings).toHaveLength(4);
});

const kernel1024 = () =>
  kernel('add', add, {
    constants: () => ({ factor: 7 }),
    workgroups: () => [3, 2],
    buffers: () => ({ x: 1024, y: 64 }),
  });

test('the first workgroups run one kernel, the others the other, each with its own indices', () => {
  const { kernel } = joinKernels(a, b, new Map())!;
  expect(kernel.workgroups).toEqual([11, 1, 1]);
  expect(workgroupSize(kernel)).toBe(64);
  expect(kernel.text).toContain('if (group.x < 5u) { main_1(vec3u(group.x, 0u, 0u), index); }');
  expect(kernel.text).toContain(
    'vec3u((group.x - 5u) % 3u, (group.x - 5u) / 3u % 2u, (group.x - 5u) / 6u) * vec3u(64u, 1u, 1u)',
  );
  expect(kernel.text).toContain('vec3u(3u, 2u, 1u)');
  expect(kernel.cost).toEqual({ flops: 2, bytes: 4 });
  expect(kernel.name).toBe('scale + add');
});

test('kernels that do not fit into one launch are kept apart', () => {
  const small = kernel('add', add.replace('(64)', '(32)'), { constants: () => ({ factor: 7 }) });
  expect(joinKernels(a, small, new Map())).toBeUndefined();
  const many = { ...b, workgroups: [65534, 1, 1] as [number, number, number] };
  expect(joinKernels(a, many, new Map())).toBeUndefined();
  const local = kernel('add', add.replace('global_invocation_id', 'local_invocation_id'), {
    constants: () => ({ factor: 7 }),
  });
  expect(joinKernels(a, local, new Map())).toBeUndefined();
  const wide = (count: number) => {
    const names = Array.from({ length: count }, (_, i) => `x${i}`);
    const bindings = names.map((name, i) => `@group(0) @binding(${i + 2}) var<storage, read> ${name}: array<f32>;`);
    return kernel('add', add + bindings.join('\n'), {
      constants: () => ({ factor: 7 }),
      buffers: () => Object.fromEntries(['x', 'y', ...names].map((name) => [name, 64])),
    });
  };
  expect(joinKernels(a, wide(4), new Map())!.kernel.bindings).toHaveLength(8);
  expect(joinKernels(a, wide(5), new Map())).toBeUndefined();
});

test('two kernels whose workgroups use too much memory together are kept apart', () => {
  const sharing = (of: string, more = '') =>
    kernel('scale', `${more}\n${scale}var<workgroup> sums: ${of};`, { constants: () => ({ factor: 3 }) });
  const half = sharing('array<vec4f, size>', 'const size = 512u;');
  expect(joinKernels(half, half, new Map())).toBeDefined();
  expect(joinKernels(half, sharing('array<vec2f, 8 * 129u>'), new Map())).toBeUndefined();
  expect(joinKernels(half, sharing('array<Moments, 513>'), new Map())).toBeUndefined();
  expect(joinKernels(half, sharing('array<vec4f, unknown>'), new Map())).toBeUndefined();
});

test('the size of a workgroup is a product of numbers and constants', () => {
  const of = (size: string, constants = '') =>
    workgroupSize(
      kernel('scale', `${constants}\n${scale.replace('4 * 16', size)}`, { constants: () => ({ factor: 3 }) }),
    );
  expect(of('4*8')).toBe(32);
  expect(of('rows * 4', 'const rows = 8u;')).toBe(32);
  expect(of('size', 'const size=256u;')).toBe(256);
  expect(of('unknown')).toBeNaN();
});

/** A kernel that reads x, an array of `type`, with the index `at`, and writes y. */
const reader = (type: string, at = 'index', more: Partial<Kernel<object>> = {}) =>
  kernel(
    'read',
    `// y = x
@group(0) @binding(0) var<storage, read> x: array<${type}>;
@group(0) @binding(1) var<storage, read_write> y: array<${type}>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  y[index] = x[${at}]; // not x[0]
}
`,
    more,
  );
const one = (type: string) => reader(type);
const from = new Map([['x', 'y']]);

test('a chain runs the second kernel after the first, its workgroups one after the other', () => {
  const { kernel, names } = chainKernels(one('f32'), reader('f32', 'index', { workgroups: () => [3] }), from)!;
  expect(kernel.name).toBe('read -> read');
  expect(kernel.workgroups).toEqual([1, 1, 1]);
  expect(kernel.text).toMatch(
    /main_1\(vec3u\(0u, 0u, 0u\), index\);\s+for \(var each = 0u; each < 3u; each\+\+\) \{\s+storageBarrier\(\);\s+workgroupBarrier\(\);\s+main_2\(vec3u\(each, 0u, 0u\), index\);/,
  );
  // The second reads what the first wrote, which is bound once, for reading and writing.
  expect(names.get('x')).toBe('y');
  expect(readBindings(kernel.text).map(({ name, access }) => [name, access])).toEqual([
    ['x', 'read'],
    ['y', 'read_write'],
    ['y_2', 'read_write'],
  ]);
  expect(kernel.text).toContain('y_2[index] = y[index];');
});

test('a chain may be extended: each kernel keeps its own names', () => {
  const two = chainKernels(one('f32'), one('f32'), from)!.kernel;
  const { kernel, names } = chainKernels(two, one('f32'), new Map([['x', 'y_2']]))!;
  expect(kernel.name).toBe('read -> read -> read');
  expect(names.get('y')).toBe('y_3');
  expect(kernel.text).toContain('y_3[index] = y_2[index];');
  const functions = [...kernel.text.matchAll(/fn (\w+)\(/g)].map(([, name]) => name);
  expect(new Set(functions).size).toBe(functions.length);
});

test.each([
  ['numbers as vectors of two', 'f32', 'vec2f', 'vec2f(y[2u * i + 0u],y[2u * i + 1u])'],
  ['numbers as vectors of four', 'f32', 'vec4f', 'vec4f(y[4u * i + 0u],y[4u * i + 1u],y[4u * i + 2u],y[4u * i + 3u])'],
  ['vectors of four as numbers', 'vec4f', 'f32', 'y[i / 4u][i % 4u]'],
])('a chain reads %s', (_, written, read, element) => {
  const { kernel } = chainKernels(
    one(written),
    reader(read, read === 'f32' ? 'u32(x[index])' : 'u32(x[index].x)'),
    from,
  )!;
  expect(kernel.text).toContain(`fn element_of_x(i: u32) -> ${read} { return ${element}; }`);
  expect(kernel.text).toMatch(/y_2\[index\] = element_of_x\(u32\(element_of_x\(index\)(\.x)?\)\);/);
  expect(kernel.bindings.map(({ name }) => name)).toEqual(['x', 'y', 'y_2']);
  expect(kernel.text.match(/array<\w+, \d+>/g)).toHaveLength(3);
});

test('kernels that cannot form a chain are kept apart', () => {
  const f32 = one('f32');
  expect(chainKernels(f32, f32, from)).toBeDefined();
  expect(chainKernels(reader('f32', 'index', { workgroups: () => [2] }), f32, from)).toBeUndefined();
  // Vectors of other lengths, arrays that are not only indexed, and more numbers than were written.
  expect(chainKernels(one('vec2f'), one('vec4f'), from)).toBeUndefined();
  expect(chainKernels(f32, reader('vec2f', 'arrayLength(&x)'), from)).toBeUndefined();
  expect(chainKernels(one('u32'), f32, from)).toBeUndefined();
  expect(chainKernels(f32, reader('f32', 'index', { buffers: () => ({ x: 65, y: 64 }) }), from)).toBeUndefined();
  expect(chainKernels(f32, f32, from, 2)).toBeUndefined();
});
