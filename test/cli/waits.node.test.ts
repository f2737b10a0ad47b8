import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { parseRun } from '../../src/index.ts';
import { type Fault, faultyChrome, withGpuDevice } from './faulty_chrome.ts';
import { processesWith, signalChrome } from './processes.ts';
import { type Ended, type Running, run, startIn, temporaryFolder } from './wgrad.ts';

const minutes = (n: number) => n * 60_000;
/** Seconds: enough for a healthy Chrome on a busy machine in every wait. */
const limit = 10;

const model = JSON.stringify({
  inputShape: [8, 8, 1],
  layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }],
});
const training = ['train', '--dataset', 'digits', '--model', model, '--browser-timeout', String(limit)];

/** Chrome's processes are found through /proc. */
describe.skipIf(process.platform !== 'linux')('every wait for Chrome has a limit, and no process remains', () => {
  beforeAll(async () => {
    await run('--version'); // Builds the command.
  });

  /** Runs the command until it ends. @param during acts on it meanwhile. */
  async function endOf(
    args: string[],
    {
      variables = {},
      during,
    }: { variables?: Record<string, string>; during?: (running: Running) => Promise<void> } = {},
  ): Promise<Ended> {
    const mark = randomUUID();
    const running = startIn({ ...variables, WGRAD_TEST_MARK: mark }, ...args);
    await during?.(running);
    const ended = await running.ended;
    const left = () => processesWith(`WGRAD_TEST_MARK=${mark}`);
    await vi.waitFor(() => expect(left()).toEqual([]), { timeout: minutes(1) });
    return ended;
  }

  // First, because it takes longest.
  test.concurrent(
    'a GPU process that stops in the middle of training: Chrome is restarted, and the run continues',
    async ({ expect }) => {
      const file = join(temporaryFolder(), 'run.wgrad');
      const flags = [...training, '--adapter', 'software', '--epochs', '100000', '--save', file];
      const { code, stdout } = await endOf(flags, {
        during: async ({ child, says }) => {
          await says('epoch 2/');
          await vi.waitFor(() => expect(existsSync(file)).toBe(true), { timeout: minutes(1) });
          signalChrome(child.pid!, 'gpu-process', 'SIGSTOP');
          const epochsOf = (text: string) => [...text.matchAll(/^epoch (\d+)/gm)].map(([, n]) => Number(n));
          const told = epochsOf(await says('lost ')).at(-1)!;
          await says(`epoch ${told + 2}/`);
          child.kill('SIGINT');
        },
      });
      expect(stdout).toMatch(/^lost +Chrome has not responded for 20 seconds.*the run continues from step/m);
      expect(code).toBe(0);
      // No epoch is repeated or missing.
      const epochs = [...stdout.matchAll(/^epoch (\d+)/gm)].map(([, n]) => Number(n));
      expect(epochs).toEqual(epochs.map((_, i) => i + 1));
      const { steps } = parseRun(readFileSync(file)).history;
      expect(steps.map(({ step }) => step)).toEqual(steps.map((_, i) => i + 1));
    },
    minutes(5),
  );

  // [fault, --adapter, text of the error, exit code].
  const faults: [Fault, 'hardware' | 'software', RegExp[], number][] = [
    [
      'adapter never comes',
      'hardware',
      [/did not answer requestAdapter\(\) within 10 seconds/, /tried Chrome\/\d+.* --enable-features=Vulkan/],
      3,
    ],
    [
      'device never comes',
      'software',
      [/did not answer requestDevice\(\) within 10 seconds/, /tried .*swiftshader/],
      3,
    ],
    [
      'never answers',
      'hardware',
      [/Chrome could not be started/, /no answer within 10 seconds/, /--browser-timeout/],
      3,
    ],
    ['page never opens', 'hardware', [/did not open wgrad's page within 10 seconds/, /tried Chrome/], 3],
    ['falls silent in fit', 'software', [/has not responded for 10 seconds/], 1],
    ['ends in fit', 'software', [/Chrome ended/, /lost 3 times in a row, without a new step in between/], 1],
    ['never closes', 'software', [/^(Building.*\n)?$/], 0],
  ];

  for (const [fault, adapter, words, exitCode] of faults) {
    test.concurrent(
      `a Chrome whose fault is: ${fault}`,
      async ({ expect }) => {
        const chrome = await faultyChrome(fault);
        const { code, stderr } = await endOf([...training, '--epochs', '1', '--adapter', adapter, '--chrome', chrome]);
        for (const word of words) expect(stderr).toMatch(word);
        expect(stderr).not.toMatch(/^ {4}at /m);
        expect(code).toBe(exitCode);
      },
      minutes(5),
    );
  }

  test.concurrent(
    '--adapter auto continues with the software adapter, and says why',
    async ({ expect }) => {
      const chrome = await faultyChrome('adapter never comes');
      const { code, stdout, stderr } = await endOf([...training, '--epochs', '1', '--chrome', chrome], {
        variables: withGpuDevice,
      });
      expect(stderr).toContain('did not answer requestAdapter() within 10 seconds');
      expect(stderr).toContain('Continuing with the software adapter');
      expect(stdout).toContain('software adapter SwiftShader');
      expect(stdout).toMatch(/^epoch 1\/1/m);
      expect(code).toBe(0);
    },
    minutes(5),
  );
});
