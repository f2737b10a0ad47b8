import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CureRun } from '../../src/compare/cure_run.ts';
import type { PairRecord } from '../../src/index.ts';
import { signalChrome } from './processes.ts';
import { call, runHere, start, temporaryFolder } from './wgrad.ts';

const minutes = (n: number) => n * 60_000;

const model = JSON.stringify({
  inputShape: [8, 8, 1],
  layers: [
    { type: 'flatten' },
    { type: 'dense', units: 12, activation: 'relu' },
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
});
const small = ['--dataset', 'digits', '--train-samples', '160', '--test-samples', '64', '--model', model];
const twins = [
  'compare',
  '--a',
  'handwriting',
  '--b',
  '{"rotationRange": 30, "horizontalFlip": true}',
  ...small,
  '--adapter',
  'software',
];

interface Written {
  command: string;
  config: Record<string, unknown>;
  seeds: number[];
  pairs: PairRecord[];
  comparison: { summary: { figure: string; layer?: string; a: { mean: number; n: number } }[] };
  paragraph: string;
}
const written = (path: string): Written => JSON.parse(readFileSync(path, 'utf8'));

describe('wgrad compare', () => {
  test('--a this --b remedy: a first run determines the remedy in which the twins then differ', {
    timeout: minutes(2),
  }, async () => {
    const path = join(temporaryFolder(), 'remedy.json');
    const faulty = ['--dataset', 'digits', '--model', 'dead-relu', '--augment', 'none', '--adapter', 'software'];
    const { code, stdout } = await runHere(
      ...['compare', '--a', 'this', '--b', 'remedy', ...faulty, '--epochs', '3', '--seeds', '1', '--json', path],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^run {6}plateau: the loss stays at chance level/m);
    expect(stdout).toMatch(/^ {9}likely cause: dense is dead/m);
    expect(stdout).toMatch(
      /^remedy {3}biases that start at zero: \{"layers":\{"dense":\{"biasInitializer":"zeros"\}\}\}$/m,
    );
    const { config, pairs } = written(path);
    expect(config).toMatchObject({ vary: 'model' });
    const [a, b] = [pairs[0]!.a, pairs[0]!.b].map(({ epochs }) => epochs.at(-1)!.loss);
    expect(a).toBeGreaterThan(2.2);
    expect(b).toBeLessThan(1.5);
  });

  test(
    'trains pairs of twins, reports what differs, and resumes with the missing pairs',
    async () => {
      const folder = temporaryFolder();
      const [whole, part, report] = ['whole.json', 'part.json', 'report.html'].map((name) => join(folder, name));
      const first = await runHere(...twins, '--seeds', '2', '--epochs', '2', '--json', whole!, '--report', report!);
      expect({ code: first.code, stderr: first.stderr.replace(/Building.*\n/, '') }).toEqual({ code: 0, stderr: '' });
      expect(first.stdout.match(/^note .*--b handwriting/gm)).toHaveLength(1);
      expect(first.stdout).toMatch(/^pair 1\/2 {2}seed 0 .* left$/m);
      expect(first.stdout).toMatch(/^pair 2\/2 {2}seed 1 /m);
      expect(first.stdout).toContain('2 pairs of twins');
      expect(first.stdout).not.toContain('░'); // No bar without a terminal.
      const { pairs, comparison, paragraph, seeds, command, config } = written(whole!);
      expect(seeds).toEqual([0, 1]);
      expect(pairs.map(({ seed }) => seed)).toEqual([0, 1]);
      expect(config).toMatchObject({ vary: 'augmentation', dataset: 'digits', trainSamples: 160, epochs: 2 });
      expect(command).toContain(`--b '{"rotationRange": 30, "horizontalFlip": true}'`);
      for (const { a, b, cosines } of pairs) {
        for (const twin of [a, b]) {
          expect(twin.epochs).toHaveLength(2);
          for (const epoch of twin.epochs) {
            expect(epoch.validationLoss).toBeGreaterThan(0);
            expect(Object.keys(epoch.layers)).toEqual(['dense', 'dense_1']);
            expect(epoch.sample.covarianceTrace).toBeGreaterThan(0);
          }
        }
        expect(cosines).toHaveLength(2);
        for (const { whole: cosine } of cosines) expect(cosine).toBeGreaterThan(0);
      }
      const inOneLine = (text: string) => text.replace(/\s+/g, ' ');
      expect(inOneLine(first.stdout)).toContain(inOneLine(paragraph));
      const page = readFileSync(report!, 'utf8');
      expect(page).toContain('Gradient norm of dense_1');
      expect(page).toContain('rotationRange');
      const loss = comparison.summary.find(({ figure }) => figure === 'validation loss')!;
      const losses = pairs.map(({ a }) => a.epochs[1]!.validationLoss);
      expect(loss.a).toMatchObject({ n: 2, mean: (losses[0]! + losses[1]!) / 2 });

      const one = await runHere(...twins, '--seeds', '1', '--epochs', '2', '--json', part!);
      expect(one.code).toBe(0);
      expect(one.stdout).toContain('One pair cannot rule out chance');
      const resumed = await runHere(...twins, '--seeds', '2', '--epochs', '2', '--resume', part!);
      expect({ code: resumed.code, stderr: resumed.stderr }).toEqual({ code: 0, stderr: '' });
      expect(resumed.stdout).toContain('1 of 2 pairs done');
      expect(resumed.stdout).not.toContain('seed 0');
      expect(written(part!).pairs).toEqual(pairs);
      expect(written(part!).paragraph).toBe(paragraph);

      const other = await runHere(...twins, '--seeds', '2', '--epochs', '3', '--resume', part!);
      expect(other.code).toBe(2);
      expect(other.stderr).toContain('epochs is 2 there and 3 here');
      const again = await runHere(...twins, '--seeds', '2', '--epochs', '2', '--json', part!);
      expect(again.code).toBe(2);
      expect(again.stderr).toContain('2 pairs');
      const fewer = await runHere(...twins, '--seeds', '1', '--epochs', '2', '--resume', part!);
      expect(fewer.code).toBe(2);
      expect(fewer.stderr).toContain('seeds that are not part of this comparison');
      expect(written(part!).pairs).toEqual(pairs);
      expect(readdirSync(folder).sort()).toEqual(['part.json', 'report.html', 'whole.json']);
    },
    minutes(10),
  );

  test(
    'Ctrl-C ends it and keeps the complete pairs',
    async () => {
      const file = join(temporaryFolder(), 'pairs.json');
      const comparing = start(...twins, '--seeds', '500', '--epochs', '2', '--json', file);
      await comparing.says('pair 1/500');
      comparing.child.kill('SIGINT');
      const { code, stdout, stderr } = await comparing.ended;
      expect({ code, stderr: stderr.replace(/Building.*\n/, '') }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/stopped {2}by Ctrl-C after \d+ of 500 pairs/);
      const { pairs } = written(file);
      expect(pairs.length).toBeGreaterThan(0);
      expect(pairs.length).toBeLessThan(500);
      for (const { a, b } of pairs) expect([a.epochs.length, b.epochs.length]).toEqual([2, 2]);
    },
    minutes(5),
  );

  test.skipIf(process.platform !== 'linux')(
    'if the GPU is lost, another Chrome continues the pair after its last epoch, with the same figures',
    async () => {
      const [file, other] = [temporaryFolder(), temporaryFolder()].map((folder) => join(folder, 'pairs.json'));
      const fit = ['--early-stopping', '30', '--metrics', 'f1Score', '--class-weight', 'balanced'];
      const long = [...twins, ...fit, '--seeds', '2', '--epochs', '20', '--json'];
      const comparing = start(...long, file!);
      const undisturbed = runHere(...long, other!);
      await comparing.says('pair 1/2');
      signalChrome(comparing.child.pid!, 'gpu-process', 'SIGKILL');
      const { code, stdout } = await comparing.ended;
      expect(stdout).toMatch(/^lost +The GPU device was lost.*pair 2\/2 (starts over|continues after epoch \d+)$/m);
      expect(code).toBe(0);
      expect((await undisturbed).code).toBe(0);
      expect(written(file!).pairs).toEqual(written(other!).pairs);
    },
    minutes(5),
  );
});

describe('wgrad compare --cures', () => {
  const dense = (activation: string) => ({ type: 'dense', units: 64, activation });
  const list = {
    networks: [
      {
        name: 'sigmoids',
        model: {
          inputShape: [8, 8, 1],
          layers: [{ type: 'flatten' }, dense('sigmoid'), { ...dense('softmax'), units: 10 }],
        },
        optimizer: { type: 'sgd', learningRate: 0.1 },
      },
      {
        name: 'narrow',
        model: {
          inputShape: [8, 8, 1],
          layers: [{ type: 'flatten' }, { ...dense('relu'), units: 9 }, { ...dense('softmax'), units: 10 }],
        },
        optimizer: { type: 'sgd', learningRate: 1e30 },
        batchSize: 16,
      },
    ],
    cures: [
      { name: 'Adam', change: { optimizer: 'adam' } },
      { name: 'shortcuts', change: { shortcuts: true } },
    ],
  };
  const withoutTimes = (path: string) => {
    const { runs, leftOut, seeds, seconds, ...file } = JSON.parse(readFileSync(path, 'utf8'));
    expect(seconds).toBeGreaterThan(0);
    return { runs: runs.map(({ stepMs: _, ...run }: CureRun) => run), leftOut, seeds, config: file.config };
  };

  test('each network without and with each cure, from the same seeds; interrupting and resuming gives the same file', {
    timeout: minutes(5),
  }, async () => {
    const folder = temporaryFolder();
    const at = (name: string) => join(folder, name);
    writeFileSync(at('list.json'), JSON.stringify(list));
    const options = ['--dataset', 'digits', '--train-samples', '160', '--test-samples', '64', '--adapter', 'software'];
    const cures = ['compare', '--cures', at('list.json'), ...options, '--seeds', '2', '--epochs', '2'];
    const whole = await runHere(
      ...[...cures, '--json', at('whole.json'), '--csv', at('runs.csv'), '--report', at('page.html')],
    );
    expect({ code: whole.code, errors: whole.stderr.match(/^error.*/gm) }).toEqual({ code: 0, errors: null });
    expect(whole.stdout).toMatch(/^left out shortcuts: No layer has an input and an output of the same shape/m);
    expect(whole.stdout).toMatch(/^run 10\/10 {2}seed 1 {2}narrow \+ Adam {2}\|/m);
    const { runs, leftOut } = withoutTimes(at('whole.json'));
    expect(leftOut).toEqual([{ network: 'narrow', cure: 'shortcuts', why: expect.stringContaining('64, 9, 10') }]);
    expect(runs.map(({ network, cure, seed }: CureRun) => `${seed} ${network} ${cure}`).slice(0, 6)).toEqual([
      ...['0 sigmoids untreated', '0 sigmoids Adam', '0 sigmoids shortcuts', '0 narrow untreated', '0 narrow Adam'],
      '1 sigmoids untreated',
    ]);
    for (const { network, cure, steps, broke, validationAccuracy, early } of runs) {
      const breaks = network === 'narrow' && cure === 'untreated';
      expect(validationAccuracy).toBeGreaterThanOrEqual(0);
      expect(early).toBeGreaterThan(0);
      if (breaks) expect(broke).toBe(steps);
      // A configuration's own batch size takes precedence over the flag.
      else expect({ steps, broke }).toEqual({ steps: network === 'narrow' ? 20 : 10, broke: undefined });
    }
    expect(readFileSync(at('page.html'), 'utf8')).toContain('<td>Adam</td>');
    expect(readFileSync(at('runs.csv'), 'utf8').split('\n')).toHaveLength(12);

    const interrupted = start(...cures, '--json', at('part.json'));
    await interrupted.says('run 2/10');
    interrupted.child.kill('SIGINT');
    const ended = await interrupted.ended;
    expect(ended.stdout).toMatch(/^stopped {2}by Ctrl-C after \d of 10 runs/m);
    const done = withoutTimes(at('part.json')).runs.length;
    expect(done).toBeLessThan(10);
    const continued = await runHere(...cures, '--json', at('part.json'));
    expect(continued.stdout).toContain(`${done} of 10 runs done`);
    expect(withoutTimes(at('part.json'))).toEqual(withoutTimes(at('whole.json')));

    const other = await runHere(...cures.slice(0, -1), '3', '--json', at('part.json'));
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('networks.0.epochs is 2 there and 3 here');
  });

  test.each<[string, string[], string[]]>([
    ['a model for all', ['--cures', '--model', 'plain20'], ['--model cannot be combined with --cures', '--networks']],
    ['twins as well', ['--cures', '--a', 'none', '--b', 'tutorial'], ['--a cannot be combined with --cures']],
    ['no file', ['--cures', 'no.json'], ['--cures', '"no.json"']],
    ['an unknown network', ['--cures', '--networks', 'plain2'], ['"plain2"', 'did you mean "plain20"']],
    ['rows without runs', ['--a', 'none', '--b', 'tutorial', '--csv', join(import.meta.dirname, 'x.csv')], ['--csv']],
  ])('%s is rejected', async (_, args, words) => {
    const { code, stderr } = await call('compare', '--dataset', 'digits', ...args);
    expect(code).toBe(2);
    for (const word of words) expect(stderr).toContain(word);
  });
});

// [title, arguments after `compare`, text of the error].
const cases: [string, string[], string[]][] = [
  ['no A', ['--b', 'none'], ['--a']],
  ['no seeds', ['--a', 'none', '--b', 'tutorial', '--seeds', '0'], ['--seeds', '"0"', 'at least 1']],
  ['the same twice', ['--a', 'none', '--b', 'none'], ['neither in the augmentation nor']],
  ['the same in other words', ['--a', 'none', '--b', '{"rescale": 0.00392156862745098}'], ['nor in anything else']],
  [
    'another scale of the images',
    ['--a', 'none', '--b', '{"rotationRange": 10, "rescale": 1}'],
    ['more than the augmentation', 'preprocessing: rescale'],
  ],
  ['a part for validation', ['--a', 'none', '--b', '{"validationSplit": 0.5}'], ['validationSplit']],
  ["Keras' own draws", ['--a', 'none', '--b', '{"rotationRange": 9, "compat": "keras"}'], ['order of the samples']],
  ['an unknown augmentation', ['--a', 'nune', '--b', 'tutorial'], ['--a', '"nune"', 'did you mean "none"']],
  [
    'a monitor that is not measured',
    ['--a', 'none', '--b', 'tutorial', '--early-stopping', '{"monitor":"validationF1Score"}'],
    ['earlyStopping monitors', "add 'f1Score' to metrics"],
  ],
  [
    'metrics of classes for numbers',
    ['--a', 'none', '--b', 'tutorial', '--loss', 'huber', '--metrics', 'recall'],
    ['recall', 'huber'],
  ],
  ['a class without a weight', ['--a', 'none', '--b', 'tutorial', '--class-weight', '{"1": 2}'], ['class 0']],
  ['an unknown variable', ['--a', '1', '--b', '2', '--vary', 'seed'], ['--vary', 'learning-rate']],
  ['no number', ['--a', 'fast', '--b', '0.1', '--vary', 'learning-rate'], ['--a', '"fast"']],
  ['an unknown optimizer', ['--a', 'adam', '--b', '{"type": "adm"}', '--vary', 'optimizer'], ['--b', '"adm"']],
  [
    'what both flags say',
    ['--a', '0.1', '--b', '0.2', '--vary', 'learning-rate', '--learning-rate', '0.3'],
    ['--learning-rate', 'omit'],
  ],
  ['an augmentation for both', ['--a', 'none', '--b', 'tutorial', '--augment', 'none'], ['--augment']],
  [
    'a model for other images',
    ['--a', 'none', '--b', 'tutorial', '--model', model, '--dataset', 'mnist'],
    ['[8, 8, 1]'],
  ],
  ['a report in no folder', ['--a', 'none', '--b', 'tutorial', '--report', '/no/such/folder/r.html'], ['--report']],
  [
    'one file for both',
    ['--a', 'none', '--b', 'tutorial', '--json', '/tmp/one', '--report', '/tmp/one'],
    ['--report', 'choose another file'],
  ],
  ['a json file that is a folder', ['--a', 'none', '--b', 'tutorial', '--json', '/tmp'], ['--json', 'a folder']],
  ['seeds behind the last', ['--a', 'none', '--b', 'tutorial', '--seed', '4294967295'], ['--seed']],
];

test.each(cases)('invalid usage: %s', async (_, flags, words) => {
  const { code, stderr } = await call(
    'compare',
    ...(flags.includes('--dataset') ? flags : [...flags, '--dataset', 'digits']),
  );
  for (const word of words) expect(stderr).toContain(word);
  expect(code).toBe(2);
});

test('a file to resume that is not a comparison', async () => {
  const file = join(temporaryFolder(), 'other.json');
  writeFileSync(file, '{"pairs": []}');
  const { code, stderr } = await call(...twins, '--resume', file);
  expect(code).toBe(2);
  expect(stderr).toContain('is not a comparison');
  expect(existsSync(file)).toBe(true);
});
