import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { parseRun, type SavedRun } from '../../src/index.ts';
import { openPage, openStudio, until, upload } from '../page/studio.ts';
import { descendants, signalChrome } from './processes.ts';
import { type Ended, type Running, run, start, temporaryFolder } from './wgrad.ts';

const minutes = (n: number) => n * 60_000;

/** A network that is there at once; one image a step makes an epoch long enough to do something in the middle of it. */
const model = JSON.stringify({
  inputShape: [8, 8, 1],
  layers: [
    { type: 'flatten' },
    { type: 'dense', units: 16, activation: 'relu' },
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
});
const onDigits = ['train', '--dataset', 'digits', '--adapter', 'software', '--model', model];
const training = [...onDigits, '--batch-size', '1'];
const epochSteps = 1500;

const rows = (path: string): number =>
  existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').length - 1 : 0;

const parsed = (path: string): SavedRun => parseRun(readFileSync(path));

/** Every bit of what training has made. */
function bits({ snapshot: { weights, moments, progress, learningRate } }: SavedRun) {
  const words = (tensors: Float32Array[]) =>
    tensors.map((it) => [...new Uint32Array(it.buffer, it.byteOffset, it.length)]);
  return { weights: words(weights), moments: words(moments), progress, learningRate };
}

/** Processes are found in /proc. */
describe.skipIf(process.platform !== 'linux')('wgrad train --save', () => {
  let oneEpoch: SavedRun;

  beforeAll(async () => {
    const file = join(temporaryFolder(), 'one.wgrad');
    const { code, stderr } = await run(...training, '--epochs', '1', '--save', file);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    oneEpoch = parsed(file);
  }, minutes(5));

  interface Interrupted extends Ended {
    saved: SavedRun;
    file: string;
    json: { epochs: unknown[]; steps: unknown[] };
  }

  /** Trains, does something to it in the middle of the second epoch, and waits for its end. */
  async function interrupted(act: (running: Running) => void, ...more: string[]): Promise<Interrupted> {
    const folder = temporaryFolder();
    const [file, json, csv] = ['run.wgrad', 'run.json', 'run.csv'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const running = start(...training, '--epochs', '20', '--save', file, '--json', json, '--csv', csv, ...more);
    await running.says('epoch 1/20');
    await vi.waitFor(() => expect(existsSync(file) && rows(csv) > epochSteps + 3).toBe(true), {
      timeout: minutes(1),
      interval: 20,
    });
    act(running);
    const ended = await running.ended;
    return { ...ended, file, saved: parsed(file), json: JSON.parse(readFileSync(json, 'utf8')) };
  }

  test(
    'the GPU process is killed in the second epoch: the file holds the state after the first, bit by bit',
    async () => {
      const { code, stdout, stderr, file, saved, json } = await interrupted(({ child }) =>
        signalChrome(child.pid!, 'gpu-process', 'SIGKILL'),
      );
      expect(code).toBe(1);
      expect(stderr).toContain('error: The GPU device was lost');
      expect(stderr).toContain(`${file} holds the state after epoch 1 of 20`);
      expect(stderr).toMatch(/to continue from there, open the file on the training page/);
      expect(stdout).toContain('gradient norm');
      // It was in the second epoch.
      expect(json.epochs).toHaveLength(1);
      expect(json.steps.length).toBeGreaterThan(epochSteps);
      expect(json.steps.length).toBeLessThan(2 * epochSteps);

      expect(bits(saved)).toEqual(bits(oneEpoch));
      expect(saved.epochs).toBe(20);
      const { epochs, steps, verdicts, health } = saved.history;
      expect(steps).toEqual(oneEpoch.history.steps);
      expect(verdicts).toEqual(oneEpoch.history.verdicts);
      expect(health).toEqual(oneEpoch.history.health);
      const figures = epochs.map(({ seconds, imagesPerSecond, ...rest }) => rest);
      expect(figures).toEqual(oneEpoch.history.epochs.map(({ seconds, imagesPerSecond, ...rest }) => rest));
      expect(saved.dataset).toEqual(oneEpoch.dataset);
      expect(saved.options).toEqual(oneEpoch.options);

      // The page takes it for a run that was stopped, and goes on with it.
      const studio = await openStudio();
      try {
        const page = await studio.browser.newPage();
        const complaints: string[] = [];
        await openPage(await studio.serve(), page, complaints);
        await upload(page, '#load-run', file);
        await until(page, '#status', 'Loaded run\\.wgrad: 1,500 steps on digits');
        await page.waitForSelector('#go-on-run');
        await page.click('#go-on-run');
        await until(page, '#place', '^epoch [2-9]');
        await until(page, '#epochs tbody', '2');
        expect(complaints).toEqual([]);
      } finally {
        await studio.close();
      }
    },
    minutes(5),
  );

  // [what, what is done, the words of the error, exit code]
  const ends: [string, (running: Running) => void, RegExp, number][] = [
    ['the page crashes', ({ child }) => signalChrome(child.pid!, 'renderer', 'SIGKILL'), /page crashed/, 1],
    ['Chrome is killed', ({ child }) => process.kill(descendants(child.pid!)[0]!, 'SIGKILL'), /Chrome ended/, 1],
    ['the command gets SIGTERM', ({ child }) => child.kill('SIGTERM'), /^(Building.*\n)?$/, 143],
  ];

  for (const [what, act, words, exitCode] of ends) {
    test.concurrent(
      `${what} in the second epoch: the state after the first is saved`,
      async ({ expect }) => {
        const { code, stderr, file, saved, json } = await interrupted(act);
        expect(stderr).toMatch(words);
        if (exitCode === 1) expect(stderr).toContain(`${file} holds the state after epoch`);
        expect(code).toBe(exitCode);
        expect(json.steps.length).toBeGreaterThan(epochSteps);
        const { progress } = saved.snapshot;
        expect(progress.step).toBe(progress.epochs * epochSteps);
        expect(saved.history.epochs).toHaveLength(progress.epochs);
        expect(saved.history.steps).toHaveLength(progress.step);
        if (progress.epochs === 1) expect(bits(saved)).toEqual(bits(oneEpoch));
      },
      minutes(5),
    );
  }

  test.concurrent(
    'Ctrl-C in the middle of an epoch saves the state at that step',
    async ({ expect }) => {
      const { code, stdout, file, saved, json } = await interrupted(({ child }) => child.kill('SIGINT'));
      expect(code).toBe(0);
      expect(stdout).toContain(`written  ${file}`);
      expect(saved.snapshot.progress.step).toBe(json.steps.length);
      expect(saved.history.steps).toHaveLength(json.steps.length);
    },
    minutes(5),
  );

  test.concurrent(
    'numbers that stop being finite: the state after the last complete epoch is saved',
    async ({ expect }) => {
      const file = join(temporaryFolder(), 'run.wgrad');
      // Each step multiplies the weights by -1.2: they overflow in the second of the epochs, which have 47 steps.
      const { code, stderr } = await run(
        ...[...onDigits, '--epochs', '5', '--save', file],
        ...['--optimizer', 'sgd', '--learning-rate', '1', '--weight-decay', '2.2'],
      );
      expect(code).toBe(1);
      expect(stderr).toContain(`${file} holds the state after epoch 1 of 5`);
      for (const tensor of parsed(file).snapshot.weights) expect(tensor.every(Number.isFinite)).toBe(true);
    },
    minutes(5),
  );

  test.concurrent(
    'a file that can no longer be written: training goes on, and the run is saved in another place',
    async ({ expect }) => {
      const folder = temporaryFolder();
      const running = start(...onDigits, '--epochs', '3', '--save', join(folder, 'run.wgrad'));
      await running.says('data ');
      rmSync(folder, { recursive: true });
      const { code, stdout, stderr } = await running.ended;
      expect(stdout).toMatch(/^epoch 3\/3/m);
      expect(stderr).toMatch(/warning: Writing to .*run\.wgrad failed.*\n.*ENOENT/);
      const elsewhere = /it was written to (\S+) instead/.exec(stderr)?.[1] ?? '';
      expect(code).toBe(1);
      expect(parsed(elsewhere).snapshot.progress).toMatchObject({ epochs: 3, step: 3 * 47 });
      rmSync(join(elsewhere, '..'), { recursive: true });
    },
    minutes(5),
  );

  test('a file that cannot be written is refused before anything is trained', async () => {
    const locked = temporaryFolder();
    const places = ['/proc/run.wgrad', '/no/such/folder/run.wgrad', locked];
    for (const place of places) {
      const { code, stdout, stderr } = await run(...training, '--save', place);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`--save names a file that can't be written`);
    }
  });

  test.concurrent(
    'a disk without room: the error says so',
    async ({ expect }) => {
      const { code, stderr } = await run(...training, '--epochs', '1', '--save', '/dev/full');
      expect(stderr).toMatch(/Writing to \/dev\/full failed.*\n.*ENOSPC/);
      expect(code).toBe(1);
      expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
      const elsewhere = /it was written to (\S+) instead/.exec(stderr)?.[1] ?? '';
      expect(bits(parsed(elsewhere))).toEqual(bits(oneEpoch));
      rmSync(join(elsewhere, '..'), { recursive: true });
    },
    minutes(5),
  );
});
