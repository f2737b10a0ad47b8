// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are the shaders' own holes
import { describe, expect, test } from 'vitest';
import { ShaderError } from '../../src/errors.ts';
import { leanShader } from '../../src/gpu/lean_shader.ts';
import { excerpt, readBindings, readOverrides, render, withLengths } from '../../src/gpu/wgsl.ts';

const lines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

describe('rendering', () => {
  test('holes are filled everywhere, however often they occur', () => {
    expect(render('k', 'const a = ${tile}u;\nconst b = ${tile} * ${step};', { tile: 8, step: '4u' })).toBe(
      'const a = 8u;\nconst b = 8 * 4u;',
    );
    expect(render('k', 'no hole')).toBe('no hole');
  });

  const nested = [
    '#if ${outer}',
    'outer',
    '#if ${inner}',
    'both',
    '#else',
    'outer alone',
    '#endif',
    '#elif ${inner}',
    'inner alone',
    '#else',
    'neither',
    '#endif',
    'always',
  ].join('\n');
  test.each([
    [true, true, ['outer', 'both', 'always']],
    [true, false, ['outer', 'outer alone', 'always']],
    [false, true, ['inner alone', 'always']],
    [false, false, ['neither', 'always']],
  ])('flags select lines, also nested: %s, %s', (outer, inner, expected) => {
    expect(lines(render('k', nested, { outer, inner }))).toEqual(expected);
  });

  test('a hole without a value is reported by name, with the known ones', () => {
    const rendered = () => render('conv2d_forward', 'a ${tile} ${stp}', { tile: 1, step: 2 });
    expect(rendered).toThrow(ShaderError);
    expect(rendered).toThrow(/conv2d_forward\.wgsl.*\n.*\$\{stp\}.*\n.*tile, step/);
  });

  test('a value that no hole uses is reported by name', () => {
    const rendered = () => render('adam', 'a ${tile}', { tile: 1, stp: 2, other: true });
    expect(rendered).toThrow(ShaderError);
    expect(rendered).toThrow(/adam\.wgsl.*\n.*"stp, other".*\n.*tile/);
  });

  test('a shader that calls subgroup functions begins with their directive, and no other does', () => {
    const text = '// the formula\n#if ${subgroups}\nfn f() { a = quadSwapX(b); }\n#endif\n// a subgroup';
    expect(render('k', text, { subgroups: true })).toMatch(/^enable subgroups; \/\/ the formula\n/);
    expect(render('k', text, { subgroups: false })).toMatch(/^\/\/ the formula\n/);
    expect(render('k', 'let a = subgroupMin(b);')).toMatch(/^enable subgroups;/);
  });

  test('a loop is unrolled with its bounds filled in, also nested', () => {
    const text = '%for q in 0..${quads}\nlet p$q = $qu;\n  %for i in 1..3\ny$q$i\n  %end\n%end\nend';
    expect(lines(render('k', text, { quads: 2 }))).toEqual([
      'let p0 = 0u;',
      'y01',
      'y02',
      'let p1 = 1u;',
      'y11',
      'y12',
      'end',
    ]);
    expect(lines(render('k', '%for i in 0..0\na$i\n%end\nend'))).toEqual(['end']);
  });

  test('a flag within a loop selects lines of it', () => {
    const text = '%for i in 0..2\n#if ${on}\na$i\n#else\nb$i\n#endif\n%end';
    expect(lines(render('k', text, { on: true }))).toEqual(['a0', 'a1']);
    expect(lines(render('k', text, { on: false }))).toEqual(['b0', 'b1']);
  });

  test.each([
    ['%for i in 0..2\na', '%for i without an %end'],
    ['a\n%end', '%end without a %for'],
    ['%for i from 0 to 2\na\n%end', '%for i from 0 to 2'],
  ])('loops that are not closed: %j', (text, found) => {
    expect(() => render('adam', text)).toThrow(ShaderError);
    expect(() => render('adam', text)).toThrow(found);
  });

  test.each([
    ['#if ${on}\na', 'Mismatched #if/#endif count'],
    ['a\n#endif', '#endif'],
    ['a\n#else\nb', '#else'],
    ['#if ${on}\n#endif\n#elif ${on}', '#elif'],
  ])('flags that are not closed: %j', (text, found) => {
    expect(() => render('adam', text, text.includes('$') ? { on: true } : {})).toThrow(ShaderError);
    expect(() => render('adam', text, text.includes('$') ? { on: true } : {})).toThrow(found);
  });

  test('a value in a branch that is not selected counts as used', () => {
    expect(lines(render('k', '#if ${on}\nconst a = ${tile};\n#endif\nend', { on: false, tile: 3 }))).toEqual(['end']);
  });
});

describe('bindings are read from the text', () => {
  test('name, number, access and type, in the order of the numbers', () => {
    const text = `
      @group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
      @group(0) @binding(0) var<storage, read> x: array<f32>; // with a remark
      @group(0)@binding(1) var<uniform> sizes : Sizes;
      @group(0) @binding(10) var<storage> labels: array<u32>;
      var<workgroup> sums: array<f32, 64>;
      var<private> p: f32;`;
    expect(readBindings(text)).toEqual([
      { name: 'x', index: 0, access: 'read', type: 'array<f32>' },
      { name: 'sizes', index: 1, access: 'uniform', type: 'Sizes' },
      { name: 'y', index: 2, access: 'read_write', type: 'array<vec4f>' },
      // WGSL's default access mode for storage is read.
      { name: 'labels', index: 10, access: 'read', type: 'array<u32>' },
    ]);
    expect(readBindings('fn main() {}')).toEqual([]);
  });

  test('override constants', () => {
    const text = 'override batch: u32;\n  override epsilon: f32 = 1e-7; // override not_me: u32;\nconst c = 1u;';
    expect(readOverrides(text)).toEqual(['batch', 'epsilon']);
  });

  test('of every shader, with everything that it declares on one line', async () => {
    const shaders = import.meta.glob<string>('../../shaders/*.wgsl', { query: '?raw', import: 'default', eager: true });
    expect(Object.keys(shaders).length).toBeGreaterThan(10);
    for (const [path, source] of Object.entries(shaders)) {
      // In text shared by kernels, a binding's name comes from a template hole.
      const text = source.replace(/\$\{(\w+)\}/g, '$1');
      const declared = [...source.matchAll(/@binding\(/g)].length;
      expect(readBindings(text), path).toHaveLength(declared);
      expect(readOverrides(source), path).toHaveLength([...source.matchAll(/\boverride\s+\w+\s*[:=]/g)].length);
      // All shaders use group 0, because the layout is created from these binding numbers.
      expect(source, path).not.toMatch(/@group\((?!0\))/);
    }
  });
});

test('an excerpt quotes the rendered lines around a message, with a caret at the position', () => {
  const text = ['let a = 1;', 'let b = 2;', 'let c = d;', 'let e = 3;'].join('\n');
  const message = { type: 'error', message: "unresolved value 'd'", lineNum: 3, linePos: 9, offset: 0, length: 1 };
  expect(excerpt(text, [message as GPUCompilationMessage]).split('\n')).toEqual([
    "error: unresolved value 'd' (line 3)",
    '    let a = 1;',
    '    let b = 2;',
    '    let c = d;',
    '            ^',
  ]);
  const first = { ...message, type: 'warning', lineNum: 1, linePos: 1 } as GPUCompilationMessage;
  const both = excerpt(text, [first, message as GPUCompilationMessage]);
  expect(both).toContain('warning');
  expect(both.split('\n').filter((line) => line.trim() === '^')).toHaveLength(2);
});

describe('lengths of storage arrays', () => {
  const text = [
    '@group(0) @binding(0) var<storage, read> x: array<vec4f>;',
    '@group(0) @binding(1) var<storage, read_write> y: array<f32>;',
    '@group(0) @binding(2) var<storage, read_write> state: State;',
    '@group(0) @binding(3) var<storage, read_write> bits: array<atomic<u32>>;',
  ].join('\n');

  test('are those of the launch, rounded up to whole elements; bindings that are not plain arrays are unchanged', () => {
    expect(withLengths(text, { x: 9, y: 0, state: 5, bits: 2 }).split('\n')).toEqual([
      '@group(0) @binding(0) var<storage, read> x: array<vec4f, 3>;',
      '@group(0) @binding(1) var<storage, read_write> y: array<f32, 1>;',
      '@group(0) @binding(2) var<storage, read_write> state: State;',
      '@group(0) @binding(3) var<storage, read_write> bits: array<atomic<u32>>;',
    ]);
  });
});

describe('shaders as a build has them, without comments and spaces', () => {
  const shaders = import.meta.glob<string>('../../shaders/**/*.wgsl', {
    query: '?raw',
    import: 'default',
    eager: true,
  });
  const sources = Object.entries(shaders);
  /** Tokenizes WGSL with the longest match, including `#if`, `%for` and template holes. */
  const tokens = (text: string) =>
    text
      .replace(/\/\/.*$/gm, '')
      .match(/[\w$]+|\d[\w.]*(?:[-+]\d+)?|<<=|>>=|->|[-+*/%&|^<>=!]=|&&|\|\||\+\+|--|<<|>>|\S/g);

  test('consist of the same tokens, with fewer characters', () => {
    expect(sources.length).toBeGreaterThan(100);
    for (const [path, source] of sources) {
      const lean = leanShader(source);
      expect(tokens(lean), path).toEqual(tokens(source));
      expect(lean.length, path).toBeLessThan(source.length);
    }
    expect(leanShader('let a = b < -c; // why\n\n  if (a) { x += 1u; }\n')).toBe('let a=b < -c;\nif(a){x+=1u;}\n');
  });

  test('are parsed like the sources', () => {
    for (const [path, source] of sources) {
      const read = (text: string) => {
        const named = text.replace(/\$\{(\w+)\}/g, '$1');
        const words = Object.fromEntries(readBindings(named).map(({ name }) => [name, 7]));
        const withoutSpaces = (all: string) => tokens(all)!.join(' ');
        return [readBindings(named), readOverrides(named), withoutSpaces(withLengths(named, words))];
      };
      expect(read(leanShader(source)), path).toEqual(read(source));
    }
  });
});
