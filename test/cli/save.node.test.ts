import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { parseRun, type SavedRun } from '../../src/index.ts';
import { openPage, openStudio, press, until, untilEpoch, upload } from '../page/studio.ts';
import { call, type Ended, type Running, runHere, start, temporaryFolder } from './wgrad.ts';

const minutes = (n: number) => n * 60_000;

/** A network that compiles immediately; with one image per step, an epoch is long enough to act in the middle of it. */
const model = JSON.stringify({
  inputShape: [8, 8, 1],
  layers: [
    { type: 'flatten' },
    { type: 'dense', units: 16, activation: 'relu' },
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
});
const onDigits = ['train', '--dataset', 'digits', '--adapter', 'software', '--model', model];
const epochSteps = 500;
const training = [...onDigits, '--batch-size', '1', '--train-samples', String(epochSteps)];
const epochs = 4;

const rows = (path: string): number =>
  existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').length - 1 : 0;

const parsed = (path: string): SavedRun => parseRun(readFileSync(path));

/** All bits of the trained state. */
function bits({ snapshot: { weights, slots, progress, learningRate } }: SavedRun) {
  const words = (tensors: Float32Array[]) =>
    tensors.map((it) => [...new Uint32Array(it.buffer, it.byteOffset, it.length)]);
  return { weights: words(weights), slots: words(slots), progress, learningRate };
}

/** Excludes everything that depends on the clock. */
const historyOf = ({ history }: SavedRun) => ({
  ...history,
  epochs: history.epochs.map(({ seconds, imagesPerSecond, ...figures }) => figures),
});

/** Processes are inspected through /proc. */
describe.skipIf(process.platform !== 'linux')('wgrad train --save', () => {
  /** An uninterrupted run. */
  let whole: SavedRun;

  beforeAll(async () => {
    const file = join(temporaryFolder(), 'whole.wgrad');
    await runHere(...training, '--epochs', String(epochs), '--save', file);
    whole = parsed(file);
  });

  interface Interrupted extends Ended {
    saved: SavedRun;
    file: string;
    json: { epochs: unknown[]; steps: unknown[] };
  }

  /** Trains, acts in the middle of the second epoch (or a later one on a busy machine), and waits for the end. */
  async function interrupted(act: (running: Running) => void, ...more: string[]): Promise<Interrupted> {
    const folder = temporaryFolder();
    const [file, json, csv] = ['run.wgrad', 'run.json', 'run.csv'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const running = start(
      ...training,
      '--epochs',
      String(epochs),
      '--save',
      file,
      '--json',
      json,
      '--csv',
      csv,
      ...more,
    );
    await running.says(`epoch 1/${epochs}`);
    await vi.waitFor(() => expect(existsSync(file) && rows(csv) > epochSteps + 3).toBe(true), {
      timeout: minutes(1),
      interval: 20,
    });
    act(running);
    const ended = await running.ended;
    return { ...ended, file, saved: parsed(file), json: JSON.parse(readFileSync(json, 'utf8')) };
  }

  test(
    'SIGTERM in the middle of an epoch: --resume continues from the file to the same bits, and so does the page',
    async () => {
      const { code, file, saved, json } = await interrupted(({ child }) => child.kill('SIGTERM'));
      expect(code).toBe(143);
      expect(json.steps.length).toBeGreaterThan(epochSteps);
      const { step } = saved.snapshot.progress;
      expect(saved.history.steps).toHaveLength(step);
      expect(saved.epochs).toBe(epochs);

      const end = join(temporaryFolder(), 'end.wgrad');
      const { stdout, stderr } = await runHere('train', '--adapter', 'software', '--resume', file, '--save', end);
      expect(stdout, stderr).toContain(`resumed  ${file}: after step ${step.toLocaleString('en')}`);
      expect(bits(parsed(end))).toEqual(bits(whole));
      expect(historyOf(parsed(end))).toEqual(historyOf(whole));
      expect(parsed(end).dataset).toEqual(whole.dataset);
      expect(parsed(end).options).toEqual(whole.options);

      // The page treats it as a stopped run and resumes it.
      const studio = await openStudio();
      try {
        const page = await studio.browser.newPage();
        const complaints: string[] = [];
        // Another network, which the page compiles quickly.
        await openPage(`${await studio.serve()}#dataset=digits&model=five-relu`, page, complaints);
        await upload(page, '#open-run', file);
        await until(page, '#status', `Loaded run\\.wgrad: ${step.toLocaleString('en')} steps on digits`);
        await page.waitForSelector('#resume-run');
        await press(page, '#resume-run');
        await untilEpoch(page, saved.history.epochs.length + 1);
        await page.waitForFunction(
          (rows) => document.querySelectorAll('#epochs tbody tr').length > rows,
          {},
          saved.history.epochs.length,
        );
        expect(complaints).toEqual([]);
      } finally {
        await studio.close();
      }
    },
    minutes(5),
  );

  test(
    'Ctrl-C in the middle of an epoch saves the state at that step',
    async () => {
      const { code, stdout, file, saved, json } = await interrupted(({ child }) => child.kill('SIGINT'));
      expect(code).toBe(0);
      expect(stdout).toContain(`written  ${file}`);
      expect(saved.snapshot.progress.step).toBe(json.steps.length);
      expect(saved.history.steps).toHaveLength(json.steps.length);
    },
    minutes(5),
  );

  test(
    'non-finite numbers: the state after the last complete epoch is saved',
    async () => {
      const file = join(temporaryFolder(), 'run.wgrad');
      // Each step multiplies the weights by -1.2: they overflow in the second epoch, of 47 steps.
      const { code, stderr } = await runHere(
        ...[...onDigits, '--epochs', '5', '--save', file],
        ...['--optimizer', 'sgd', '--learning-rate', '1', '--weight-decay', '2.2'],
      );
      expect(code).toBe(1);
      expect(stderr).toContain(`${file} holds the state after epoch 1 of 5`);
      for (const tensor of parsed(file).snapshot.weights) expect(tensor.every(Number.isFinite)).toBe(true);
    },
    minutes(5),
  );

  test(
    'a file that can no longer be written: training continues, and the run is saved in another place',
    async () => {
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

  test('a file that cannot be written is rejected before training', async () => {
    const locked = temporaryFolder();
    const places = ['/proc/run.wgrad', '/no/such/folder/run.wgrad', locked];
    for (const place of places) {
      const { code, stdout, stderr } = await call(...training, '--save', place);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(`--save names a file that cannot be written`);
    }
  });

  test(
    'a full disk: the error says so',
    async () => {
      const { code, stderr } = await runHere(...training, '--epochs', String(epochs), '--save', '/dev/full');
      expect(stderr).toMatch(/Writing to \/dev\/full failed.*\n.*ENOSPC/);
      expect(code).toBe(1);
      expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
      const elsewhere = /it was written to (\S+) instead/.exec(stderr)?.[1] ?? '';
      expect(bits(parsed(elsewhere))).toEqual(bits(whole));
      rmSync(join(elsewhere, '..'), { recursive: true });
    },
    minutes(5),
  );
});
