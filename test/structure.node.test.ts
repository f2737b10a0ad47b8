import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { describeModels } from '../src/index.ts';
import { longFiles } from './long_files.ts';

// The definition of a layer or an optimizer says everything about it: its schema, its role, its initial options. Code that compares its
// type with a name instead, or infers it from its options or tensors, would have to be found and changed for each new one.

/** Folders that may name types, because types are defined, lowered, computed by the twin, or translated to other programs there. */
const homes = {
  layers: [
    'src/model/layers/',
    'src/plan/layers/',
    'src/reference/layers/',
    'src/formats/onnx/',
    'src/formats/keras/',
    'src/formats/pytorch/layers.ts',
  ],
  optimizers: ['src/model/optimizers/', 'src/plan/update.ts', 'src/plan/further_training.ts', 'src/reference/train.ts'],
};

const facts = describeModels();
const namesOf = (of: readonly { type: string }[]) => of.map(({ type }) => type);
const optionsOf = (of: readonly { options: readonly { name: string }[] }[]) => [
  ...new Set(of.flatMap(({ options }) => options.map(({ name }) => name))),
];
const layers = {
  names: namesOf(facts.layers),
  options: optionsOf(facts.layers),
  homes: homes.layers,
  hasTensors: true,
};
const optimizers = {
  names: namesOf(facts.optimizers),
  options: optionsOf(facts.optimizers),
  homes: homes.optimizers,
  hasTensors: false,
};
type Kind = typeof layers;

const isText = (node: ts.Node): node is ts.StringLiteral => ts.isStringLiteralLike(node);
const comparisons = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]);
/** Whether an expression contains a type: `layer.type`, `type`, `optimizer`, `to` ... but not a kernel's `operation`. */
const holdsType = (node: ts.Node): boolean =>
  /(^|\.|\?\.)(type|layerType|optimizer|optimizerType|to)$/.test(node.getText());

const parsed = (path: string, text = readFileSync(path, 'utf8')) =>
  ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);

/** The places in a file that check the type of a layer or an optimizer, as "file:line: text". */
function questions(file: ts.SourceFile, { names, options, hasTensors }: Kind): string[] {
  const found: string[] = [];
  const add = (node: ts.Node) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${file.fileName}:${line + 1}: ${node.getText().split('\n')[0]}`);
  };
  const isName = (node: ts.Node) => isText(node) && names.includes(node.text);
  const isNames = (node: ts.Node) =>
    ts.isArrayLiteralExpression(node) && node.elements.length > 0 && node.elements.every(isName);
  const countsTensors = (node: ts.Node) => hasTensors && /\bweights\.length$|\bparameters$/.test(node.getText());
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && comparisons.has(node.operatorToken.kind)) {
      const [a, b] = [node.left, node.right];
      // layer.type === 'dense'
      if ((isName(a) && holdsType(b)) || (isName(b) && holdsType(a))) add(node);
      // layer.weights.length === 0, layer.parameters === 0
      if ([a, b].some(countsTensors) && [a, b].some((side) => side.getText() === '0')) add(node);
    } else if (ts.isBinaryExpression(node)) {
      const [a, b] = [node.left, node.right];
      // layer.parameters > 0
      if (/^[<>]=?$/.test(node.operatorToken.getText()) && countsTensors(a) && b.getText() === '0') add(node);
      // 'useBias' in layer; `s` is the shape of a kernel, everywhere
      if (
        node.operatorToken.kind === ts.SyntaxKind.InKeyword &&
        isText(node.left) &&
        options.includes(node.left.text) &&
        b.getText() !== 's'
      )
        add(node);
    } else if (ts.isSwitchStatement(node) && holdsType(node.expression)) {
      for (const clause of node.caseBlock.clauses)
        if (ts.isCaseClause(clause) && isName(clause.expression)) add(clause);
    } else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      // ['conv2d', 'dense'].includes(layer.type)
      if (['includes', 'indexOf'].includes(node.expression.name.text) && isNames(node.expression.expression)) add(node);
      // Object.hasOwn(layer, 'useBias')
      if (
        node.expression.getText() === 'Object.hasOwn' &&
        isText(node.arguments[1]!) &&
        options.includes(node.arguments[1].text)
      )
        add(node);
    } else if (ts.isNewExpression(node) && node.arguments?.some(isNames)) {
      add(node); // new Set(['conv2d', 'dense'])
    } else if (ts.isObjectLiteralExpression(node)) {
      // { conv2d: ..., dense: ... }: a table by types
      const keys = node.properties.flatMap(({ name }) =>
        name && (ts.isIdentifier(name) || isText(name)) ? [name.text] : [],
      );
      if (keys.length > 1 && keys.every((key) => names.includes(key))) add(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const files = (readdirSync('src', { recursive: true }) as string[])
  .filter((path) => /(?<!\.d)\.tsx?$/.test(path))
  .map((path) => join('src', path));
const parsedFiles = new Map(files.map((path) => [path, parsed(path)]));

describe.each([
  ['a layer', layers],
  ['an optimizer', optimizers],
] as const)('%s', (_, kind) => {
  const isHome = (path: string) => kind.homes.some((home) => path.startsWith(home));

  test('is identified by its type only in its own files', () => {
    const elsewhere = files.filter((path) => !isHome(path));
    expect(elsewhere.length).toBeGreaterThan(200);
    expect(elsewhere.flatMap((path) => questions(parsedFiles.get(path)!, kind))).toEqual([]);
  });

  test('has files at the listed paths', () => {
    for (const home of kind.homes)
      expect(
        files.some((path) => path.startsWith(home)),
        home,
      ).toBe(true);
  });
});

test.each(longFiles)('the long test file %s exists', (name) => {
  expect(existsSync(join('test', `${name}.node.test.ts`))).toBe(true);
});

// Tests of the check itself. Each of these has occurred in the code once.
test.each([
  ["const a = layer.type === 'dense';", 1, 0],
  ["if (last?.type !== 'conv2d') stop();", 1, 0],
  ["const make = to === 'sgd' ? sgd() : adam();", 0, 1],
  ["switch (layer.type) { case 'flatten': break; case 'dense': break; }", 2, 0],
  ["const has = 'useBias' in layer.config;", 1, 0],
  ['const measured = layers.filter(({ weights }) => weights.length > 0);', 1, 0],
  ['const measured = layers.filter((layer) => layer.weights.length > 0);', 1, 0],
  ['const measured = layers.filter(({ parameters }) => parameters > 0);', 1, 0],
  ['const none = layer.parameters === 0;', 1, 0],
  ["const ends = ['dense', 'conv2d'].includes(layer.type);", 1, 0],
  ["const wide = new Set(['dense', 'conv2d']);", 1, 0],
  ["const begins = { conv2d: { type: 'conv2d' }, dense: { type: 'dense' } };", 1, 0],
  ["const hasRate = 'nesterov' in optimizer;", 0, 1],
  // A layer in JSON, a kernel's own operation, a look-up by type.
  ["const layers = [{ type: 'dense', units: 10 }];", 0, 0],
  ["const sum = operation === 'add';", 0, 0],
  ['const own = known.find(({ type }) => type === layer.type);', 0, 0],
])('%s', (text, ofLayers, ofOptimizers) => {
  expect(questions(parsed('example.ts', text), layers)).toHaveLength(ofLayers);
  expect(questions(parsed('example.ts', text), optimizers)).toHaveLength(ofOptimizers);
});

// Sentences are written for people: code that cuts, searches or compares one breaks as soon as it is reworded. What code needs to know
// has its own field (`problem`, `place`, `headline`, `causeType`).

/** Fields that contain sentences. */
const sentences = new Set([
  'what',
  'problem',
  'fix',
  'expected',
  'message',
  'sentence',
  'headline',
  'cause',
  'remedy',
  'advice',
]);
const cutters = new Set(
  'split slice substring startsWith endsWith includes indexOf lastIndexOf match matchAll search replace replaceAll'.split(
    ' ',
  ),
);
const matchers = new Set(['test', 'exec']);

/** Messages of other programs, which have nothing but their text. */
const foreign = {
  'src/check.ts': 'the choices in a message of valibot',
  'src/cli/first_line.ts': 'the first line of any message',
  'src/cli/main.ts': "commander's message in the form of wgrad's errors",
  'src/cli/sweep/trial_options.ts': "commander's message in the form of wgrad's errors",
  'src/cli/queue/queue_errors.ts': 'the codes with which the messages of Redis begin',
  'src/data/formats/read_parquet.ts': "hyparquet's message about a codec",
  'src/page/features/lessons/model.ts': 'the length of a message of the JSON parser',
};

/** The expression itself, without parentheses, `!`, `as`, String(...) and a value for undefined. */
const bare = (node: ts.Expression): ts.Expression => {
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node) || ts.isAsExpression(node))
    return bare(node.expression);
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken)
    return bare(node.left);
  if (ts.isCallExpression(node) && node.expression.getText() === 'String' && node.arguments[0])
    return bare(node.arguments[0]);
  return node;
};
const isSentence = (node: ts.Expression | undefined): boolean => {
  const of = node && bare(node);
  if (!of) return false;
  return sentences.has(ts.isPropertyAccessExpression(of) ? of.name.text : ts.isIdentifier(of) ? of.text : '');
};

/** The places in a file where a sentence decides something or something is derived from it. */
function readings(file: ts.SourceFile): string[] {
  const found: string[] = [];
  const add = (node: ts.Node) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    found.push(`${file.fileName}:${line + 1}: ${node.getText().split('\n')[0]}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name, expression } = node.expression;
      if (cutters.has(name.text) && isSentence(expression)) add(node);
      if (matchers.has(name.text) && isSentence(node.arguments[0])) add(node);
    } else if (ts.isBinaryExpression(node) && comparisons.has(node.operatorToken.kind)) {
      const [a, b] = [node.left, node.right];
      const isText = (side: ts.Expression) => ts.isStringLiteralLike(side) && side.text !== '';
      if ((isSentence(a) && isText(b)) || (isSentence(b) && isText(a))) add(node);
    } else if (ts.isSwitchStatement(node) && isSentence(node.expression)) add(node);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

test('no sentence is cut, searched or compared, except messages of other programs', () => {
  const own = files.filter((path) => !(path in foreign));
  expect(own.flatMap((path) => readings(parsedFiles.get(path)!))).toEqual([]);
  for (const [path, why] of Object.entries(foreign)) expect(readings(parsedFiles.get(path)!), why).not.toEqual([]);
});

test('archives are written uncompressed, because builds contain fflate without its compressor', () => {
  const calls = files.flatMap((path) => parsedFiles.get(path)!.text.match(/\bzipSync\(.*/g) ?? []);
  expect(calls.length).toBeGreaterThan(2);
  for (const call of calls) expect(call).toContain('level: 0');
});

// Each of these has occurred in the code once.
test.each([
  ["const short = found.sentence.split(':')[0]!;", 1],
  ["const isSame = before.cause.split(':')[0] === cause.split(':')[0];", 2],
  ["const instead = what.includes('unknown parameter') ? 'ignored' : 'default';", 1],
  ["const text = (error as Error).message.split('\\n')[0];", 1],
  ["const kind = expected.startsWith('a class') ? 'class' : 'number';", 1],
  ["const text = String(error.parts.what ?? '').replace(/^Picture 0 /, '');", 1],
  ['const isRefused = refused.test(error.message);', 1],
  ["if (error.message === 'no answer') stop();", 1],
  // Data, and a sentence that is only shown.
  ["const name = path.split('/').at(-1);", 0],
  ['const line = `failed: ${' + 'error.message}`;', 0],
  ["const has = cause === '';", 0],
])('reads a sentence: %s', (text, count) => {
  expect(readings(parsed('example.ts', text))).toHaveLength(count);
});
