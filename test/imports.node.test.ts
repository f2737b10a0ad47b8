import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

interface Import {
  /** Path of a file, relative to the root, or the name of a package. */
  to: string;
  /** Whether anything remains of it when types are erased. */
  value: boolean;
}

function importsOf(path: string): Import[] {
  const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (specifier: ts.Node, value: boolean) => {
    if (!ts.isStringLiteral(specifier)) return;
    const text = specifier.text.replace(/\?\w+$/, '');
    found.push({ to: text.startsWith('.') ? normalize(join(dirname(path), text)) : text, value });
  };
  const namesValue = (names: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[]) => names.some((n) => !n.isTypeOnly);
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const named = clause?.namedBindings;
      const whole = !clause || clause.name !== undefined || (named !== undefined && ts.isNamespaceImport(named));
      add(node.moduleSpecifier, whole || (!clause.isTypeOnly && (!named || namesValue(named.elements))));
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      const names = node.exportClause && ts.isNamedExports(node.exportClause) ? node.exportClause.elements : undefined;
      add(node.moduleSpecifier, !node.isTypeOnly && (!names || namesValue(names)));
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0]!, true);
    } else if (ts.isNewExpression(node) && /^new URL\(\s*'[^']*\.ts'/.test(node.getText())) {
      add(node.arguments![0]!, true); // a worker
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const files = (readdirSync(join(root, 'src'), { recursive: true }) as string[])
  .filter((path) => /(?<!\.d)\.tsx?$/.test(path))
  .map((path) => join('src', path));
const graph = new Map(files.map((path) => [path, importsOf(path)]));

/** The folder of src that contains a file, or the name of a file directly in src. */
const folderOf = (path: string) => path.split('/')[1]!;

/** The files and packages that a file imports at run time, directly or indirectly. */
function reach(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  for (const { to, value } of graph.get(entry) ?? []) if (value) reach(to, seen);
  return seen;
}

// Dependencies go in one direction, which docs/architecture.md shows.
const rooms = ['gpu', 'kernels', 'augment', 'model', 'health', 'plan', 'train', 'compare', 'formats', 'api'];
const may: Record<string, { values: string[]; types?: string[] }> = {
  gpu: { values: [] },
  // Only shapes and options, so that a page that only describes models needs neither kernels nor their WGSL.
  model: { values: [] },
  kernels: { values: ['gpu'], types: ['model'] },
  augment: { values: ['gpu', 'kernels'] },
  health: { values: ['kernels', 'model'] },
  plan: { values: ['gpu', 'kernels', 'augment', 'model', 'health'], types: ['data'] },
  train: { values: ['gpu', 'kernels', 'augment', 'model', 'health', 'plan', 'png'], types: ['data'] },
  compare: { values: ['train', 'plan', 'health', 'model'], types: ['data', 'gpu'] },
  formats: { values: ['compare', 'train', 'plan', 'health', 'model'], types: ['data', 'gpu'] },
  api: { values: ['formats', 'train', 'health', 'model', 'gpu'], types: ['data'] },
  // PNGs that are decoded without the browser.
  png: { values: [] },
  data: { values: ['png'] },
  // Compares the kernels and a small network with their twins, on the user's GPU.
  selftest: { values: [...rooms.slice(0, 7), 'reference'] },
  // The twin shares only shapes with the code that it is compared with, because it would repeat the mistakes of shared code.
  reference: { values: [], types: ['kernels', 'augment', 'model', 'health'] },
  // The twin computes in every browser, so this page also works without WebGPU.
  standalone: { values: ['formats', 'model', 'png', 'reference'] },
  report: { values: ['compare', 'formats', 'health', 'gpu'] },
  session: {
    values: ['report', 'api', 'formats', 'compare', 'train', 'health', 'model', 'augment'],
    types: ['data', 'gpu'],
  },
  page: { values: ['index.ts', 'data', 'report', 'selftest', 'session', ...rooms] },
  cli: { values: ['index.ts', 'data', 'report', 'selftest', 'session', ...rooms] },
  'index.ts': { values: ['data', 'report', 'selftest', ...rooms] },
};
/**
 * Files that every folder may import: texts, number formats, time limits, concatenation, checksums, CSV cells, the number of elements of a
 * shape, and how a picture becomes an image.
 */
const everybodys = [
  'errors.ts',
  'check.ts',
  'concatenated.ts',
  'crc32.ts',
  'csv_cell.ts',
  'figures.ts',
  'float16.ts',
  'image_source.ts',
  'image_words.ts',
  'json_numbers.ts',
  'options.ts',
  'picture_fit.ts',
  'product.ts',
  'time_limit.ts',
];
/** The layout of a sample's record, which the twin of the sampling fills too. */
const layoutOfRecords = 'src/augment/op.ts';

test('the files and their imports are found', () => {
  expect(files.length).toBeGreaterThan(60);
  for (const name of Object.keys(may)) expect(files.some((path) => folderOf(path) === name)).toBe(true);
  const trainer = graph.get('src/train/trainer.ts')!;
  expect(trainer).toContainEqual({ to: 'src/gpu/memory.ts', value: true });
  expect(trainer).toContainEqual({ to: 'src/data/dataset.ts', value: false });
  expect(reach('src/page/main.tsx')).toContain('src/train/trainer.ts'); // by way of its worker
});

test('every folder has rules', () => {
  expect([...new Set(files.map(folderOf))].sort()).toEqual([...Object.keys(may), ...everybodys].sort());
});

describe.each(Object.entries(may))('%s', (folder, { values, types = [] }) => {
  const imports = files
    .filter((path) => folderOf(path) === folder)
    .flatMap((from) => graph.get(from)!.map((one) => ({ from, ...one })))
    .filter(({ to }) => to.startsWith('src/') && folderOf(to) !== folder && !everybodys.includes(folderOf(to)));

  test(`imports ${values.join(', ') || 'nothing'}${types.length ? `, types of ${types.join(', ')}` : ''}`, () => {
    const wrong = imports.filter(({ to, value }) => {
      if (folder === 'reference' && to === layoutOfRecords) return false;
      return !values.includes(folderOf(to)) && (value || !types.includes(folderOf(to)));
    });
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });
});

test('utility files import nothing outside of their group', () => {
  const beyond = (path: string) => graph.get(`src/${path}`)!.filter(({ to }) => to.startsWith('src/'));
  const wrong = everybodys.flatMap(beyond).filter(({ to }) => !everybodys.includes(folderOf(to)));
  expect(wrong).toEqual([]);
});

test('there are no import cycles', () => {
  const done = new Set<string>();
  const visit = (path: string, way: string[]): void => {
    if (way.includes(path)) throw new Error([...way.slice(way.indexOf(path)), path].join(' -> '));
    if (done.has(path)) return;
    for (const { to, value } of graph.get(path) ?? []) if (value && graph.has(to)) visit(to, [...way, path]);
    done.add(path);
  };
  for (const path of files) visit(path, []);
});

test('every export is used by another file', () => {
  const inTests = (readdirSync(join(root, 'test'), { recursive: true }) as string[])
    .filter((path) => /\.tsx?$/.test(path) && !path.includes('node_modules'))
    .map((path) => join('test', path));
  const inRoot = readdirSync(root).filter((path) => path.endsWith('.ts'));
  const texts = [...files, ...inTests, ...inRoot].map(
    (path) => [path, readFileSync(join(root, path), 'utf8')] as const,
  );
  const users = new Map<string, Set<string>>();
  for (const [path, text] of texts) {
    for (const [name] of text.matchAll(/\w+/g)) users.set(name, (users.get(name) ?? new Set()).add(path));
  }
  const exported = /^export (?:async )?(?:const|function\*?|class) (\w+)/gm;
  const unused = texts
    .filter(([path]) => path.startsWith('src/'))
    .flatMap(([path, text]) => [...text.matchAll(exported)].map(([, name]) => ({ path, name: name! })))
    .filter(({ name }) => users.get(name)!.size === 1)
    .map(({ path, name }) => `${path}: ${name}`);
  expect(unused).toEqual([]);
});

/** The part of the page that a file belongs to: a folder, a feature, or the frame that combines them. */
const partOf = (path: string) => /^src\/page\/(features\/\w+|app|ui|plots)\//.exec(path)?.[1] ?? 'frame';

describe('the page', () => {
  const pageFiles = files.filter((path) => path.startsWith('src/page/'));
  const mayImport = (from: string, to: string): boolean => {
    if (from === to || from === 'frame') return true;
    if (from === 'ui') return false;
    if (from === 'plots' || from === 'app') return to === 'ui';
    return ['app', 'ui', 'plots', 'features/run'].includes(to);
  };

  test('features import no other feature but run; plots import neither runs nor state; ui imports neither app nor features', () => {
    expect(new Set(pageFiles.map(partOf)).size).toBeGreaterThan(12);
    const wrong = pageFiles.flatMap((from) =>
      graph
        .get(from)!
        .filter(({ to }) => to.startsWith('src/page/') && !mayImport(partOf(from), partOf(to)))
        // The type of the worker's methods comes from the file that collects them.
        .filter(({ to, value }) => value || to !== 'src/page/worker.ts')
        .map(({ to }) => `${from} imports ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  test('only main.tsx has side effects when it is imported', () => {
    // The worker and the service worker are separate scripts.
    const scripts = ['src/page/main.tsx', 'src/page/worker.ts', 'src/page/service_worker.ts'];
    const declares = (statement: ts.Statement) =>
      ts.isImportDeclaration(statement) ||
      ts.isExportDeclaration(statement) ||
      ts.isVariableStatement(statement) ||
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement);
    const starts = /\b(effect|addEventListener|setInterval|setTimeout|requestAnimationFrame)\(|\bnew Worker\(/;
    const wrong = pageFiles
      .filter((path) => !scripts.includes(path))
      .flatMap((path) => {
        const text = readFileSync(join(root, path), 'utf8');
        const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
        return statements
          .filter((it) => !declares(it) || (ts.isVariableStatement(it) && isStarted(it, starts)))
          .map((it) => `${path}: ${it.getText().slice(0, 80)}`);
      });
    expect(wrong).toEqual([]);
  });
});

/** Whether a variable's initial value starts something, not counting functions in it that are only called later. */
function isStarted(statement: ts.Node, starts: RegExp): boolean {
  if (ts.isFunctionLike(statement) || ts.isClassLike(statement)) return false;
  if (ts.isCallExpression(statement) || ts.isNewExpression(statement)) {
    const name = statement.expression.getText();
    if (starts.test(`${ts.isNewExpression(statement) ? 'new ' : ''}${name}(`)) return true;
  }
  return ts.forEachChild(statement, (child) => isStarted(child, starts)) ?? false;
}

// Code for browsers must not import Node's modules; the library must not import the page or the command either.
describe.each([
  ['src/index.ts', ['page', 'cli']],
  ['src/page/main.tsx', ['cli']],
  ['src/cli/headless/main.ts', ['page']],
])('%s', (entry, without) => {
  const reached = [...reach(entry)];

  test(`imports nothing from ${without.join(' and ')}, nor from Node`, () => {
    expect(reached.length).toBeGreaterThan(20);
    expect(reached.filter((path) => path.startsWith('src/') && without.includes(folderOf(path)))).toEqual([]);
    expect(reached.filter((path) => isBuiltin(path))).toEqual([]);
    // An import of a path inside a package counts as an import of the package.
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const packages = reached.filter((path) => !graph.has(path) && !/^(src|shaders|data)\//.test(path));
    const named = packages.map((path) => path.match(/^(@[^/]+\/)?[^/]+/)![0]);
    if (entry === 'src/index.ts') expect(named.filter((name) => !(name in devDependencies))).toEqual([]);
    expect(named.filter((name) => /puppeteer|commander|cli-|tar-stream|fast-png/.test(name))).toEqual([]);
  });
});
