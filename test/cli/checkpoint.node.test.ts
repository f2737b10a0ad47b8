import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { CheckpointFolder, checkpointsIn, readNewest, requireNoCheckpoints } from '../../src/cli/checkpoint_folder.ts';
import { checkpointEveryOf } from '../../src/cli/checkpoint_options.ts';
import { evaluateThrough, fitThrough } from '../../src/cli/fit_through.ts';
import { FreshEvents } from '../../src/cli/fresh_events.ts';
import { packSnapshot } from '../../src/cli/packed_snapshot.ts';
import { optionsOfResumed } from '../../src/cli/resumed_run.ts';
import type { PreparedRun } from '../../src/cli/run.ts';
import type { RunOptions } from '../../src/cli/run_options.ts';
import { checkTrial } from '../../src/cli/sweep/checked_trial.ts';
import { TrialChrome } from '../../src/cli/sweep/trial_chrome.ts';
import { createDataset } from '../../src/data/dataset.ts';
import { CsvFile } from '../../src/formats/csv_file.ts';
import type { RunEvent } from '../../src/health/run_events.ts';
import type { TrainingLog } from '../../src/health/training_log.ts';
import { DeviceLostError, formatRun, parseRun, type SavedRun, type StepRecord } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { initialWeights } from '../../src/model/initial_weights.ts';
import { call, temporaryFolder } from './wgrad.ts';

const model: SavedRun['options']['model'] = {
  inputShape: [8, 8, 1],
  layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }],
};
const weights = initialWeights(compileModel(model), 1);

const runAt = (step: number): SavedRun => ({
  options: { model, optimizer: 'sgd', batchSize: 8, seed: 3 },
  dataset: {
    ...{ name: 'digits', imageShape: [8, 8, 1], classNames: [...'0123456789'], trainSamples: 80, testSamples: 20 },
    data: '0123456789abcdef',
  },
  epochs: 5,
  history: { epochs: [], steps: [], verdicts: [], probes: [] },
  snapshot: {
    ...{ weights, slots: [], learningRate: 0.01 },
    progress: { epochs: 1, step, updates: step, skipped: 0, correction1: 0, correction2: 0 },
  },
});

describe('a checkpoint folder', () => {
  test('contains the newest checkpoints and the best one, and no partial files of a killed process', () => {
    const path = join(temporaryFolder(), 'checkpoints');
    mkdirSync(path);
    writeFileSync(join(path, 'checkpoint-000000001.wgrad.123.tmp'), 'half');
    const folder = new CheckpointFolder(path, 2);
    folder.writeBest(formatRun(runAt(8)));
    for (const step of [8, 9, 100]) folder.write(step, formatRun(runAt(step)));
    expect(readdirSync(path).sort()).toEqual([
      'best.wgrad',
      'checkpoint-000000009.wgrad',
      'checkpoint-000000100.wgrad',
    ]);
    expect(readNewest(path)).toMatchObject({ run: runAt(100), damaged: [] });
  });

  test('a damaged checkpoint is rejected and the previous one is read; the best one is the last resort', () => {
    const path = temporaryFolder();
    const folder = new CheckpointFolder(path, 2);
    folder.writeBest(formatRun(runAt(8)));
    for (const step of [16, 24]) folder.write(step, formatRun(runAt(step)));
    const [newest, before] = checkpointsIn(path).map((name) => join(path, name));
    const bytes = readFileSync(newest!);
    bytes[bytes.length >> 1]! ^= 4;
    writeFileSync(newest!, bytes);
    expect(readNewest(path).run.snapshot.progress.step).toBe(16);
    expect(readNewest(path).damaged).toEqual([expect.stringContaining(`${newest} is damaged`)]);
    writeFileSync(before!, readFileSync(before!).subarray(0, 50));
    expect(readNewest(path).run.snapshot.progress.step).toBe(8);
    writeFileSync(join(path, 'best.wgrad'), '');
    expect(() => readNewest(path)).toThrow('No checkpoint in the folder can be read');
    expect(() => requireNoCheckpoints(path)).toThrow('which would be overwritten');
    expect(() => readNewest(temporaryFolder())).toThrow('has no checkpoint');
  });
});

test('--checkpoint-every', () => {
  expect(checkpointEveryOf('100steps')).toEqual({ steps: 100 });
  expect(checkpointEveryOf('1 epoch')).toEqual({ epochs: 1 });
  expect(checkpointEveryOf('30s')).toEqual({ seconds: 30 });
  for (const text of ['', '0steps', '1.5epochs', '-3s', 'often', '3 weeks']) {
    expect(() => checkpointEveryOf(text)).toThrow('100steps, 2epochs or 30s');
  }
  expect(() => checkpointEveryOf('100')).toThrow('100steps, 100epochs or 100s');
});

const step = (n: number): StepRecord => ({
  ...{ step: n, epoch: Math.ceil(n / 2), loss: n / 3, accuracy: 0.5, samples: 8, skipped: false },
  gradientNorms: { dense: n },
});
const eventsOf = (from: number, to: number): RunEvent[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ step: step(from + i), epochSteps: 2, at: 1 }));

test('the CSV of a resumed run has each step once', () => {
  const path = join(temporaryFolder(), 'run.csv');
  const write = (file: CsvFile, events: RunEvent[]) => {
    file.add(events);
    file.close();
  };
  write(new CsvFile(path), eventsOf(1, 7));
  const whole = readFileSync(path, 'utf8');
  writeFileSync(path, `${whole}8,4,0.3`); // A line truncated by a crash.
  const resumed = new CsvFile(path, 4);
  expect(resumed.missing).toBe(0);
  write(resumed, eventsOf(5, 7));
  expect(readFileSync(path, 'utf8')).toBe(whole);
  expect(new CsvFile(join(temporaryFolder(), 'other.csv'), 4).missing).toBe(4);
});

test('events that a restarted run repeats are left out', () => {
  const verdict = { layer: 'dense', verdict: 'dead', step: 1, epoch: 1, sentence: '', remedy: '' } as const;
  const fresh = new FreshEvents({ steps: [], epochs: [], probes: [] });
  const first = [...eventsOf(1, 3), { verdict }];
  expect(fresh.of(first)).toEqual(first);
  expect(fresh.of([...eventsOf(2, 3), { verdict }, ...eventsOf(4, 5), { verdict }])).toEqual([
    ...eventsOf(4, 5),
    { verdict },
  ]);
});

test('after a loss in the last epoch, another Chrome finishes the run, with the best weights and the evaluation', async () => {
  const calls: string[] = [];
  let losses = 0;
  const unlessLost = (answer: unknown) => {
    if (losses-- > 0) throw new DeviceLostError({ what: 'The GPU device was lost' });
    return answer;
  };
  const startup = { compileMs: 1, uploadMs: 2, firstStepMs: 3 };
  const packed = packSnapshot(runAt(8).snapshot);
  const answers: Record<string, () => unknown> = {
    fit: () => ({ stopped: false, startup: { ...startup, firstStepMs: calls.filter((it) => it === 'fit').length } }),
    snapshot: () => unlessLost(packed),
    evaluate: () => unlessLost({ loss: 0.5 }),
  };
  const run = {
    plan: { epochs: 5 },
    restart: async () => void calls.push('restart'),
    session: {
      call: async (name: string) => {
        calls.push(name);
        return answers[name]!();
      },
    },
  } as unknown as PreparedRun;
  const lines: string[] = [];
  const log = { steps: [], epochs: [] } as unknown as TrainingLog;
  const fitting = { fit: {}, log, isStopping: () => false, report: (line: string) => lines.push(line), saves: true };
  losses = 1;
  const { fitted, end } = await fitThrough(run, { ...fitting, keep: () => ({}), newest: () => runAt(8).snapshot });
  expect(end).toEqual(runAt(8).snapshot);
  expect(fitted.startup.firstStepMs).toBe(1);
  expect(calls.splice(0)).toEqual(['fit', 'snapshot', 'restart', 'fit', 'snapshot']);
  losses = 1;
  expect(await evaluateThrough(run, {}, fitting)).toEqual({ loss: 0.5 });
  expect(calls).toEqual(['evaluate', 'restart', 'fit', 'evaluate']);
  expect(lines).toEqual([
    'lost     The GPU device was lost: Chrome is restarted, and the run continues from step 8',
    'lost     The GPU device was lost: Chrome is restarted, and the test images are evaluated again',
  ]);
});

test('a run with all epochs done is resumed only to write its files', () => {
  const run = runAt(50);
  const epochs = Array.from({ length: 5 }, (_, i) => ({ epoch: i + 1 }) as SavedRun['history']['epochs'][number]);
  const resumed = { run: { ...run, history: { ...run.history, epochs } }, path: 'run', lines: [] };
  const options = { dataset: 'digits' } as RunOptions;
  expect(optionsOfResumed(options, resumed, ['save'])).toMatchObject({ epochs: 5 });
  expect(() => optionsOfResumed(options, resumed, [])).toThrow('All epochs of the run of --resume are done');
  expect(() => optionsOfResumed({ ...options, epochs: 4 }, resumed, ['save', 'epochs'])).toThrow(
    'All epochs of the run of --resume are done',
  );
});

test('a folder is read as it was for the run, without the flags; other flags are rejected', () => {
  const run = runAt(8);
  const dataset = { ...run.dataset, name: 'own', reading: { imageSize: 24, labels: 'shape', stretch: true as const } };
  const resumed = { run: { ...run, dataset }, path: 'run', lines: [] };
  const options = { dataset: 'photos', imageSize: 16 } as RunOptions;
  expect(optionsOfResumed({ ...options }, resumed, ['dataset'])).toMatchObject({
    dataset: 'photos',
    ...dataset.reading,
  });
  expect(() => optionsOfResumed(options, resumed, ['dataset', 'imageSize'])).toThrow(
    'imageSize is 24 there and 16 here',
  );
  expect(() => optionsOfResumed(options, resumed, [])).toThrow('which its file does not name');
  // A run that was read by default, or was saved by an older version, takes the flags.
  const plain = { run: { ...run, dataset: { ...run.dataset, name: 'own' } }, path: 'run', lines: [] };
  expect(optionsOfResumed(options, plain, ['dataset', 'imageSize'])).toMatchObject({ imageSize: 16 });
});

test('the state of a trial of a sweep records how its folder was read', async () => {
  const reading = { validationSplit: 0.5, imageSize: 8, labels: 'shape', stretch: true };
  const part = createDataset({
    images: new Uint8Array(20 * 64),
    labels: Array.from({ length: 20 }, (_, i) => i % 10),
    imageShape: [8, 8, 1],
    classNames: [...'0123456789'],
    pictureLevels: { from: 100, to: 1450 },
  });
  const read = async () => ({ datasets: { train: part, test: part }, data: '0123456789abcdef' });
  const base = { dataset: temporaryFolder(), epochs: 5, batchSize: 8, optimizer: 'sgd', augment: 'none', model };
  const stateOf = async (json: object) => {
    const chrome = new TrialChrome({ adapter: 'software', yes: false });
    chrome.adapter = { software: true, vendor: '', architecture: '', description: 'SwiftShader' } as never;
    const fit = vi.spyOn(chrome as unknown as { fit(): Promise<object> }, 'fit').mockResolvedValue({ stopped: true });
    const checked = await checkTrial(json as never, read as never);
    const outcome = await chrome.run({
      trial: { id: 'a' },
      checked,
      metric: { metric: 'loss' } as never,
      from: runAt(8),
    });
    expect(fit).toHaveBeenCalledOnce();
    return parseRun(outcome.state!()).dataset;
  };
  expect(await stateOf({ ...base, ...reading })).toMatchObject({ reading, pictureLevels: { from: 100, to: 1450 } });
  expect((await stateOf(base)).reading ?? {}).toEqual({});
});

describe('invalid usage ends before the first step, with exit code 2', () => {
  let file = '';
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder();
    new CheckpointFolder(folder, 2).write(8, formatRun(runAt(8)));
    file = join(temporaryFolder(), 'run.wgrad');
    writeFileSync(file, formatRun(runAt(8)));
  });
  const cases: [string, () => string[], string[]][] = [
    ['no folder', () => ['--checkpoint', '/proc/none'], ['--checkpoint', 'cannot be written to']],
    ['nonsense', () => ['--checkpoint', folder, '--checkpoint-every', '3 weeks'], ['--checkpoint-every', '3 weeks']],
    ['keep without', () => ['--keep', '3'], ['--keep without --checkpoint']],
    ['other checkpoints', () => ['--checkpoint', folder], ['of another run', `--resume ${folder}`]],
    ['nothing to resume', () => ['--resume', join(folder, 'none')], ['does not exist']],
    ['no run', () => ['--resume', join(import.meta.dirname, 'wgrad.ts')], ['is not a run saved by wgrad']],
    ['another seed', () => ['--resume', file, '--seed', '4'], ['seed is 3 there and 4 here']],
    ['another optimizer', () => ['--resume', file, '--optimizer', 'adam'], ['optimizer.type is']],
    ['another model', () => ['--resume', file, '--model', 'resnet8'], ['model.layers']],
    ['another data set', () => ['--resume', file, '--dataset', 'mnist'], ['dataset is digits there and mnist here']],
    ['other images', () => ['--resume', file], ['are not those that the run', 'but other ones']],
    ['nothing left', () => ['--resume', file, '--epochs', '0'], ['--epochs']],
  ];
  test.each(cases)('%s', async (_, flags, words) => {
    const { code, stderr } = await call(
      'train',
      ...(flags().includes('--resume') ? [] : ['--dataset', 'digits']),
      ...flags(),
    );
    for (const word of words) expect(stderr).toContain(word);
    expect(code).toBe(2);
    expect(existsSync('/proc/none')).toBe(false);
  });
});
