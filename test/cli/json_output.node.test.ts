import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { runHere, temporaryFolder } from './wgrad.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const model = {
  inputShape: [8, 8, 1],
  layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }],
} as const;
const run = ['--dataset', 'digits', '--adapter', 'software', '--model', JSON.stringify(model)];

function planOf(folder: string): string {
  const plan = join(folder, 'plan.json');
  writeFileSync(plan, JSON.stringify({ base: { dataset: 'digits', model, epochs: 1 }, vary: { seed: [0, 1] } }));
  return plan;
}

// The commands that write JSON, except for `predict` and `evaluate`, which predict.node.test.ts tests.
test.each<[string, (folder: string) => string[], object, string]>([
  ['data inspect', () => ['data', 'inspect', 'digits'], { dataset: 'digits' }, 'Nothing to clean.'],
  ['train', () => ['train', ...run, '--epochs', '1'], { epochs: [{ epoch: 1 }], probes: [] }, 'epoch 1/1'],
  [
    'compare',
    () => ['compare', ...run, '--a', 'none', '--b', 'tutorial', '--epochs', '1', '--seeds', '1'],
    { kind: 'wgrad comparison', pairs: [{ seed: 0 }] },
    'pair 1/1',
  ],
  ['sweep', (folder) => ['sweep', planOf(folder), '--adapter', 'software'], { trials: [{}, {}] }, 'trial 2/2'],
  ['lr-find', () => ['lr-find', ...run, '--steps', '20'], { learningRateCurve: {} }, 'suggest'],
  ['profile', () => ['profile', ...run, '--steps', '1'], { profile: { rounds: 1 } }, 'dispatches in a step'],
  ['profile --plan', () => ['profile', ...run, '--plan'], { assumed: { software: true } }, 'memory'],
  ['profile --kernel', () => ['profile', ...run, '--steps', '1', '--kernel', 'adam'], { kernels: [{}] }, 'adam'],
  ['tune', () => ['tune', ...run], { tuning: { kernels: {} } }, 'chosen'],
  ['selftest', () => ['selftest', '--adapter', 'software', '--only', 'adagrad'], { passed: true }, 'all passed'],
])(
  '%s --json - writes only JSON to the standard output, and the report to the standard error',
  async (_, args, json, words) => {
    const folder = temporaryFolder();
    vi.stubEnv('WGRAD_DATA_DIR', folder); // where wgrad tune keeps its times
    const { code, stdout, stderr } = await runHere(...args(folder), '--json', '-');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(words) });
    expect(JSON.parse(stdout)).toMatchObject(json);
    expect(stderr).not.toContain('written  -');
    expect(readdirSync('.')).not.toContain('-');
  },
);

test('only a run that trains for epochs says how it was shortened', async () => {
  const small = JSON.stringify({ ...model, inputShape: [28, 28, 1] });
  const { code, stdout } = await runHere(
    'profile',
    '--dataset',
    'mnist',
    '--model',
    small,
    '--steps',
    '1',
    '--adapter',
    'software',
  );
  expect(code).toBe(0);
  expect(stdout).toContain('data     mnist: 10,000 training');
  expect(stdout).not.toMatch(/^cut/m);
});
