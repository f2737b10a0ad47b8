import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { reportLines } from '../../src/cli/profile_watch.ts';
import type { Kernel } from '../../src/gpu/kernel.ts';
import { leanShader } from '../../src/gpu/lean_shader.ts';
import { changeText } from '../../src/selftest/change_text.ts';
import { EditedKernels, withPlaces } from '../../src/selftest/edited_kernels.ts';
import { descendants, isAlive } from './processes.ts';
import { call, start, temporaryFolder } from './wgrad.ts';

const shaders = fileURLToPath(new URL('../../shaders', import.meta.url));

test('wgrad profile --watch reports a wrong shader, one that does not compile, and the speedup of a correct one', async () => {
  // A copy, because other tests read the repository's own shaders.
  const folder = join(temporaryFolder(), 'shaders');
  cpSync(shaders, folder, { recursive: true });
  const path = join(folder, 'sum_parts.wgsl');
  const text = readFileSync(path, 'utf8');
  const flags = ['--dataset', 'digits', '--batch-size', '4', '--steps', '2', '--adapter', 'software'];
  const watching = start('profile', '--watch', '--shaders', folder, ...flags);
  await watching.says('Ctrl-C ends it.');
  writeFileSync(path, text.replace('+= dw_parts', '-= dw_parts'));
  expect(await watching.says('more than rounding')).toMatch(
    /^sum_parts\.wgsl\nwrong {4}2 of 2 checks differ.*\n +sum_parts at \{"parts":3.*dw\[\d+\] is .* expected/m,
  );
  // Like many editors, replaces the old file with a new one.
  rmSync(path);
  writeFileSync(path, text.replace('var sum = 0.0', 'var sum = zero'));
  const line = text.split('\n').findIndex((each) => each.includes('var sum')) + 1;
  const broken = await watching.says('unresolved');
  expect(broken).toContain(`broken   sum_parts.wgsl doesn't compile`);
  expect(broken).toMatch(new RegExp(`zero.*\\(sum_parts\\.wgsl, line ${line}\\)`));
  writeFileSync(path, text.replace('var sum = 0.0', 'var sum = f32(0)'));
  const good = await watching.says(' %');
  expect(good).toContain('checked  sum_parts: 2 checks, all within the bounds of the float64 twin');
  expect(good).toMatch(/sum_parts conv2d.*│ parts \d+, weights \d+.*│ +[+-]?\d+\.\d %/);
  // A new file, in a folder that did not exist, belongs to no kernel.
  mkdirSync(join(folder, 'mine'));
  writeFileSync(join(folder, 'mine/new.wgsl'), 'fn f() {}\n');
  const unknown = await watching.says('start wgrad again');
  expect(unknown).toMatch(
    /\nmine\/new\.wgsl\nunknown {2}no kernel includes mine\/new\.wgsl: import it in .*src\/kernels/,
  );
  expect(unknown.slice(unknown.indexOf('mine/new.wgsl'))).not.toContain('checked');
  rmSync(join(folder, 'mine/new.wgsl'));
  await watching.says('\nmine/new.wgsl: deleted or empty\n');
  rmSync(path);
  await watching.says('sum_parts.wgsl: deleted or empty, so its kernels are as wgrad was built');
  const started = process.platform === 'linux' ? descendants(watching.child.pid as number) : [];
  watching.child.kill('SIGINT');
  expect(await watching.ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining('error') });
  expect(started.filter(isAlive)).toEqual([]);
});

test('--watch is rejected without shaders, and with options for a single profile', async () => {
  const none = await call('profile', '--watch', '--shaders', temporaryFolder());
  expect(none).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/shader files in a clone[\s\S]*no \.wgsl file/),
  });
  expect((await call('profile', '--shaders', shaders)).stderr).toContain('add --watch');
  expect((await call('profile', '--watch', '--plan')).code).toBe(2);
  expect((await call('profile', '--watch', '--shape', '{"batch": 3}')).stderr).toContain('add --kernel');
});

const main = `// y = x
fn main() {
  let a = \${width}; // twice
%for i in 0..2
  f($i);
%end
}
`;
const library = 'fn f(i: u32) {}\n';
const kernel = (source: Kernel<object>['source']): Kernel<object> => ({
  ...{ name: 'k', source, buffers: () => ({}), workgroups: () => [1], cost: () => ({ flops: 0, bytes: 0 }) },
});
const sourceOf = ({ source }: Kernel<object>) => (typeof source === 'function' ? source({}, {}) : source);
const built = { 'k.wgsl': main, 'lib/f.wgsl': library };

test.each([main + library, leanShader(main) + leanShader(library)])(
  'an edited file replaces the text in the kernel',
  (whole) => {
    const kernels = new EditedKernels(built);
    for (const source of [whole, () => whole]) {
      expect(kernels.includes(kernel(source), {}, {}, 'lib/f.wgsl')).toBe(true);
      expect(kernels.includes(kernel(source), {}, {}, 'lib/g.wgsl')).toBe(false);
      const edited = sourceOf(kernels.edited(kernel(source), { 'lib/f.wgsl': 'fn f(i: u32) { return; }\n' }));
      expect(edited).toMatch(/main\(\) ?\{[\s\S]*\}\nfn f\(i: u32\) \{ return; \}\n$/);
      // Loops and preprocessor lines must not be changed; every other line gets a mark with its origin.
      const marked = sourceOf(kernels.marked(kernel(source), {}));
      expect(marked).toContain('\n%for i in 0..2\n  f($i); //@k.wgsl:5\n%end\n');
      expect(marked).toContain('fn f(i: u32) {} //@lib/f.wgsl:1\n');
    }
  },
);

test("the compiler's messages give the line of the file", () => {
  const message = [
    "k.wgsl doesn't compile:",
    'error: no f (line 40)',
    '    fn main() { //@k.wgsl:2',
    '      f(0); //@k.wgsl:5',
    '      ^',
    'error: no g (line 41)',
    '      g(0); //@lib/f.wgsl:1',
    '      ^.',
  ].join('\n');
  expect(withPlaces(message).split('\n')).toEqual([
    "k.wgsl doesn't compile:",
    'error: no f (k.wgsl, line 5)',
    '    fn main() {',
    '      f(0);',
    '      ^',
    'error: no g (lib/f.wgsl, line 1)',
    '      g(0);',
    '      ^.',
  ]);
});

test('a change of time within the spread is reported as such; shaders that were neither checked nor timed are named', () => {
  const time = { kernel: 'k', layers: [], shape: {}, variant: {}, before: 100, beforeSpread: 2, now: 90, nowSpread: 3 };
  expect(changeText(time)).toBe('-10.0 %');
  expect(changeText({ ...time, now: 104 })).toBe('+4.0 %, within the spread');
  expect(changeText({ ...time, now: 0 })).toBe('too short to time');
  // The column has the bound that the change is compared with.
  const table = [
    ...reportLines({ unknown: [], kernels: ['k'], checks: 1, wrong: [], times: [{ ...time, now: 104 }] }),
  ][1]!;
  expect(table.replace(/ +/g, ' ')).toMatch(
    /before, us │ now, us │ both spreads │ change │[\s\S]*│ 100 │ 104 │ 5 │ \+4\.0 %/,
  );
  const nothing = [...reportLines({ unknown: [], kernels: [], checks: 0, wrong: [], times: [] })];
  expect(nothing).toEqual([expect.stringMatching(/no check/), expect.stringMatching(/does not launch/)]);
  const wrong = Array.from({ length: 5 }, () => ({ kernel: 'k', variant: 'quads 2', shape: '{}', error: 'off' }));
  expect([...reportLines({ unknown: [], kernels: ['k'], checks: 9, wrong, times: [] })].join('\n')).toMatch(
    /^wrong {4}5 of 9 checks.*\n +k \(quads 2\) at \{\}: off[\s\S]*and 2 more$/,
  );
});
