import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SweepFile, TrialRecord } from '../../src/report/sweep_file.ts';
import { call, runHere, temporaryFolder } from './wgrad.ts';

const model = {
  inputShape: [8, 8, 1],
  layers: [
    { type: 'flatten' },
    { type: 'dense', units: 12, activation: 'relu' },
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
};
const base = { dataset: 'digits', epochs: 2, trainSamples: 320, testSamples: 297, augment: 'none', model };
const rates = { base, vary: { learningRate: [0.001, 0.01], seed: [1, 2] }, metric: 'validationLoss' };
const software = ['--adapter', 'software'];

/** Writes a plan to a file in a separate folder. */
function planFile(plan: object): string {
  const path = join(temporaryFolder(), 'plan.json');
  writeFileSync(path, JSON.stringify(plan));
  return path;
}

const read = (path: string): SweepFile => JSON.parse(readFileSync(path, 'utf8'));

/** The figures that don't depend on the time of training. */
const figuresOf = ({ seconds: _, ...record }: TrialRecord) => record;

describe('wgrad sweep', () => {
  const plan = planFile(rates);
  const json = join(temporaryFolder(), 'sweep.json');
  let first: SweepFile;

  beforeAll(async () => {
    const { code, stderr } = await runHere('sweep', plan, '--json', json, ...software);
    expect({ code, stderr: stderr.replace(/Building.*\n/, '') }).toEqual({ code: 0, stderr: '' });
    first = read(json);
  });

  test('trains every combination, with the same bits as train', async () => {
    expect(first.trials.map(({ varied, seed }) => [varied.learningRate, seed])).toEqual([
      [0.001, 1],
      [0.001, 2],
      [0.01, 1],
      [0.01, 2],
    ]);
    for (const { status, options, seconds, adapter, course, metric } of first.trials) {
      expect(status).toBe('done');
      expect(options).toMatchObject({ dataset: 'digits', augmentation: 'none' });
      expect(seconds).toBeGreaterThan(0);
      expect(adapter).toContain('SwiftShader');
      expect(course).toHaveLength(2);
      expect(course![1]).toBe(metric);
    }
    const { options, command, figures } = first.trials[3]!;
    expect(options).toMatchObject({ learningRate: 0.01, seed: 2 });
    const path = join(temporaryFolder(), 'run.json');
    const words = command.match(/'[^']*'|\S+/g)!.map((word) => word.replace(/^'|'$/g, ''));
    expect(words.slice(0, 3)).toEqual(['npx', 'wgrad', 'train']);
    const { code } = await runHere(...words.slice(2), '--json', path, ...software);
    expect(code).toBe(0);
    const epoch = JSON.parse(readFileSync(path, 'utf8')).epochs.at(-1);
    for (const [name, value] of Object.entries(figures!)) expect([name, epoch[name]]).toEqual([name, value]);
    expect(figures).toHaveProperty('validationLoss');
  });

  test('is reported as a page that needs no network, as CSV and as JSON', async () => {
    const [page, csv, file] = ['page.html', 'rows.csv', 'sweep.json'].map((name) => join(temporaryFolder(), name));
    const { code } = await call('sweep', 'report', plan, '--out', page!, '--csv', csv!, '--json', file!);
    expect(code).toBe(0);
    const text = readFileSync(page!, 'utf8');
    expect(text).toContain('Best of 2: learningRate 0.01, with validationLoss');
    expect(text).not.toMatch(/<script|src=|https?:/);
    expect(text.match(/<circle/g)).toHaveLength(4);
    expect(text.match(/<polyline/g)).toHaveLength(2);
    expect(text.match(/npx wgrad train/g)).toHaveLength(5); // The commands of the best trial, and of all trials.
    const rows = readFileSync(csv!, 'utf8').trim().split('\n');
    expect(rows).toHaveLength(5);
    expect(rows[0]).toContain('learningRate,seed,validationLoss,status');
    expect(read(file!)).toEqual(first);
    const status = await call('sweep', 'status', plan.replace('.json', '.sweep'));
    expect(status.stdout).toMatch(/│ 1 │ 0.01 .*done/);
    expect(status.stdout).toContain('trials   4 done');
  });

  test('a report requires a sweep with a result', async () => {
    expect(await call('sweep', 'report', '--folder', temporaryFolder())).toMatchObject({ code: 2 });
    const folder = temporaryFolder();
    const { trials } = first;
    writeFileSync(join(folder, 'sweep.json'), JSON.stringify({ ...first, trials }));
    const { code, stderr } = await call('sweep', 'report', folder);
    expect(code).toBe(1);
    expect(stderr).toContain('The sweep has no result yet');
  });

  test('continues after a process was killed, and keeps the results', async () => {
    const results = join(plan.replace('.json', '.sweep'), 'results.jsonl');
    const lines = readFileSync(results, 'utf8').split('\n');
    writeFileSync(results, `${lines.slice(0, 2).join('\n')}\n${lines[2]!.slice(0, 50)}`);
    const again = await runHere('sweep', plan, ...software);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('2 results');
    const { code, stdout } = await runHere('sweep', plan, '--resume', '--json', json, ...software);
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/^trial [12]\/4/m);
    expect(stdout).toMatch(/^trial 4\/4/m);
    expect(read(json).trials.map(figuresOf)).toEqual(first.trials.map(figuresOf));
    writeFileSync(plan, JSON.stringify({ ...rates, base: { ...base, batchSize: 16 } }));
    const other = await runHere('sweep', plan, '--resume', ...software);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('base.batchSize is not there and 16 here');
  });

  test('a failed trial is a result, and the others continue', async () => {
    const broken = planFile({ base, vary: { learningRate: [1e30, 0.01] } });
    const path = join(temporaryFolder(), 'broken.json');
    const { code, stdout } = await runHere('sweep', broken, '--json', path, '--jobs', '2', ...software);
    expect(code).toBe(0);
    expect(stdout).toContain('1 done, 1 failed');
    const [bad, good] = read(path).trials;
    expect(bad).toMatchObject({ status: 'failed', metric: null, error: expect.stringContaining('finite') });
    expect(good).toMatchObject({ status: 'done' });
  });

  test('asha finds the best of 27 with less than half of the steps, with the same bits', async () => {
    const shared = { ...base, epochs: 9, trainSamples: 160, testSamples: 96, optimizer: 'sgd' };
    const vary = { learningRate: [0.001, 0.01, 0.1], momentum: [0, 0.5, 0.9], batchSize: [16, 32, 64] };
    const run = async (search: string) => {
      const path = join(temporaryFolder(), 'sweep.json');
      const file = planFile({ base: shared, vary, metric: 'validationLoss', search });
      const { code } = await runHere('sweep', file, '--json', path, ...software);
      expect(code).toBe(0);
      return read(path).trials;
    };
    const [grid, asha] = [await run('grid'), await run('asha')];
    const steps = (trials: TrialRecord[]) => trials.reduce((sum, trial) => sum + trial.steps!, 0);
    const best = (trials: TrialRecord[]) =>
      trials.filter(({ status }) => status === 'done').sort((a, b) => a.metric! - b.metric!)[0]!;
    expect(steps(asha)).toBeLessThan(0.45 * steps(grid));
    expect(figuresOf(best(asha))).toEqual(figuresOf(best(grid)));
    expect(asha.filter(({ status }) => status === 'halted')).toHaveLength(24);
    for (const [i, { course, epochs }] of asha.entries()) expect(course).toEqual(grid[i]!.course!.slice(0, epochs));
  });
});

describe('a plan that is rejected before training', () => {
  const refused: [string, object, string[]][] = [
    ['unknown entries', { bse: {}, vary: {} }, ['has no option bse', 'did you mean "base"']],
    ['unknown options in base', { base: { learningrte: 1 }, vary: {} }, ['base', 'did you mean "learningRate"']],
    ['unknown options in vary', { base, vary: { augmentatoin: ['none'] } }, ['did you mean "augmentation"']],
    ['options of the sweep', { base: { ...base, json: 'x' }, vary: {} }, ['json is not an option of a trial']],
    ['unknown parts', { base, vary: { 'augmentation.rotationRnge': [1] } }, ['rotationRange', 'rotationRnge 1']],
    ['an empty list', { base, vary: { learningRate: [] } }, ['learningRate is an empty range']],
    ['an empty range', { base, vary: { learningRate: { from: 1, to: 0.1 } } }, ['is an empty range']],
    ['a log range from zero', { base, vary: { learningRate: { from: 0, to: 1, scale: 'log' } } }, ['0 < from < to']],
    ['a grid of a range', { base, vary: { learningRate: { from: 0.1, to: 1 } } }, ['add "steps"']],
    [
      'too many trials',
      { base, vary: { learningRate: [0.1, 1] }, trials: 3 },
      ['more trials than the grid', 'at most 2'],
    ],
    [
      'random without a number',
      { base, vary: { learningRate: [0.1] }, search: 'random' },
      ['needs a number of trials'],
    ],
    ['a value that train refuses', { base, vary: { learningRate: [0.1, -1] } }, ['learningRate -1', '--learning-rate']],
    ['an option that does not fit', { base, vary: { momentum: [0.9] } }, ['--momentum belongs to sgd']],
    [
      'a figure that is not measured',
      { base, vary: {}, metric: 'validationAcuracy' },
      ['did you mean "validationAccuracy"'],
    ],
    ['samples that are not there', { base, vary: { trainSamples: [99999] } }, ['--train-samples asks for more']],
    ['seeds in two places', { base, vary: { seed: [1, 2] }, seeds: 2 }, ['seeds in two places']],
    ['asha over epochs', { base, vary: { epochs: [1, 2] }, search: 'asha' }, ['asha decides how many epochs']],
    ['eta of a grid', { base, vary: {}, eta: 2 }, ['eta is an option of the search asha']],
  ];
  test.each(refused)('%s', async (_, plan, words) => {
    const { code, stderr } = await call('sweep', planFile(plan), ...software);
    expect({ code, stderr }).toMatchObject({ code: 2 });
    for (const word of words) expect(stderr).toContain(word);
  });

  test('not a plan', async () => {
    expect(await call('sweep', '/nowhere/plan.json')).toMatchObject({ code: 2 });
  });
});
