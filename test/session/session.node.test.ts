import { expect, test } from 'vitest';
import { presetModel } from '../../src/model/presets.ts';
import { type Compared, comparisonFileOf } from '../../src/session/compared_runs.ts';
import { NewestState } from '../../src/session/newest_state.ts';
import { requestOf } from '../../src/session/open_saved_run.ts';
import { trainerOptionsOf } from '../../src/session/run_request.ts';
import { runToSave } from '../../src/session/saved_run.ts';
import type { Snapshot } from '../../src/train/snapshot.ts';

const stateOf = (step: number) => ({ progress: { step } }) as Snapshot;

test('while a state is being delivered, only the newest one waits, and one that cannot be read is left out', async () => {
  const delivered: number[] = [];
  const arrivals: (() => void)[] = [];
  const states = new NewestState(({ progress }) => {
    delivered.push(progress.step);
    return new Promise<void>((arrived) => arrivals.push(arrived));
  });
  states.add(Promise.resolve(stateOf(1)));
  await new Promise((passed) => setTimeout(passed));
  for (const step of [2, 3, 4]) states.add(Promise.resolve(stateOf(step)));
  expect(delivered).toEqual([1]);
  arrivals.shift()!();
  await new Promise((passed) => setTimeout(passed));
  expect(delivered).toEqual([1, 4]);
  states.add(Promise.reject(new Error('the device is lost')));
  arrivals.shift()!();
  await states.delivered();
  expect(delivered).toEqual([1, 4]);
});

const run = { dataset: 'digits', clean: ['duplicates'] as const, epochs: 3, trainSamples: 100, testSamples: 20 };
const model = presetModel('five-relu', [8, 8, 1], 10);

test('a comparison has the same description whether its options state their defaults or omit them', () => {
  const about = { command: '', versions: { wgrad: '', chrome: '' }, adapter: {} as never };
  const compared = { vary: 'optimizer', run, data: '', seeds: [1, 2] } satisfies Partial<Compared>;
  const short = comparisonFileOf({ ...compared, a: { model }, b: { model, optimizer: 'sgd', seed: 7 } }, [], about);
  const batchSize = 32;
  const long = comparisonFileOf(
    {
      ...compared,
      a: { model, optimizer: 'adam', augmentation: {}, mix: 'replace', batchSize, health: 'full', probeEvery: 10 },
      b: { model, optimizer: { type: 'sgd' }, loss: 'sparseCategoricalCrossentropy' },
    },
    [],
    about,
  );
  expect(long).toEqual(short);
  expect(long.config.a).not.toEqual(long.config.b);
});

test('the request of a saved run can be restored', () => {
  const reading = { imageSize: 20, labels: 'coarse', stretch: true as const };
  const request = { model, ...run, reading, augmentation: {}, optimizer: 'sgd' as const, batchSize: 16, seed: 4 };
  expect(Object.keys(trainerOptionsOf(request)).sort()).toEqual(
    ['augmentation', 'batchSize', 'model', 'optimizer', 'seed'].sort(),
  );
  const saved = runToSave(request, { imageShape: [8, 8, 1], classNames: ['0', '1'] }, 'abc');
  expect(saved.dataset).toMatchObject({ name: 'digits', trainSamples: 100, testSamples: 20, data: 'abc' });
  expect(requestOf(saved)).toEqual(request);
  expect(runToSave({ ...request, reading: {} }, saved.dataset, 'abc').dataset).not.toHaveProperty('reading');
});
