import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { foundFolder } from '../../src/cli/datasets.ts';
import { findFirefox } from '../../src/cli/hosts/firefox.ts';
import { main } from '../../src/cli/main.ts';
import { descendants, isAlive } from '../cli/processes.ts';
import { callOf, run, start, temporaryFolder } from '../cli/wgrad.ts';
import { main as bench } from './main.ts';
import { contenders } from './protocol.ts';

const minutes = (n: number) => n * 60_000;

/** Inspects processes through /proc. */
const linux = test.skipIf(process.platform !== 'linux');

describe('wgrad bench', () => {
  test(
    '--data at its smallest: pictures are read by wgrad and, if it is installed, by Pillow',
    async () => {
      const file = join(temporaryFolder(), 'reading.json');
      const { code, stdout, stderr } = await run(
        ...['bench', '--data', '--pngs', '30', '--jpegs', '6', '--adapter', 'software', '--json', file],
      );
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const { cores, readings } = JSON.parse(readFileSync(file, 'utf8'));
      expect(cores).toBeGreaterThan(0);
      expect(readings).toMatchObject([
        { pictures: 'PNG, 28 x 28, gray', images: 30, side: 28 },
        { pictures: 'JPEG, 640 x 480', images: 6, side: 32 },
      ]);
      for (const { images, seconds, wgrad, pillow } of readings) {
        expect(wgrad).toBeCloseTo(images / seconds, 6);
        if (pillow) expect(pillow.rate).toBeGreaterThan(0);
        else expect(stdout).toContain('sudo apt-get install python3-pil');
      }
    },
    minutes(3),
  );

  test(
    'at its smallest: all contenders train the same network, and all figures are written',
    async () => {
      const file = join(temporaryFolder(), 'bench.json');
      const { code, stdout, stderr } = await run(
        ...['bench', '--batch-size', '1', '--rounds', '1', '--turn-seconds', '0', '--adapter', 'software'],
        ...['--json', file],
      );
      expect({ code, stderr }).toMatchObject({ code: 0 });
      for (const text of ['software adapter SwiftShader', 'Chrome/', 'cores', 'multiply-adds', 'x jax-js']) {
        expect(stdout).toContain(text);
      }
      const { adapter, ceilingGflops, peers, batchSizes } = JSON.parse(readFileSync(file, 'utf8'));
      expect(adapter.software).toBe(true);
      expect(ceilingGflops).toBeGreaterThan(0);
      expect(Object.keys(peers)).toEqual(['TensorFlow.js', 'jax-js']);
      expect(batchSizes).toHaveLength(1);
      const [{ batchSize, contenders: all, ratios }] = batchSizes;
      expect(batchSize).toBe(1);
      expect(all.map(({ name }: { name: string }) => name)).toEqual([...contenders]);
      const plain = all.filter(({ name }: { name: string }) => name !== 'wgrad, augmented');
      for (const { startupMs, msPerStep, imagesPerSecond, shareOfCeiling, losses } of plain) {
        expect(startupMs).toBeGreaterThan(msPerStep.median);
        expect(imagesPerSecond).toBeCloseTo(1000 / msPerStep.median, 6);
        expect(shareOfCeiling).toBeGreaterThan(0);
        expect(shareOfCeiling).toBeLessThan(1);
        expect(losses.length).toBeGreaterThanOrEqual(2);
        expect(Math.abs(losses[0] - plain[0].losses[0])).toBeLessThanOrEqual(1e-3);
      }
      for (const name of ['TensorFlow.js', 'jax-js']) expect(ratios[name].median).toBeGreaterThan(0);
    },
    minutes(5),
  );

  test.runIf(findFirefox())(
    'Chrome and Firefox on the CPU, in alternating turns',
    async () => {
      const file = join(temporaryFolder(), 'browsers.json');
      const layers = [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }];
      const { code, stdout, stderr } = await run(
        ...['bench', '--browsers', '--dataset', 'digits', '--model', JSON.stringify({ inputShape: [8, 8, 1], layers })],
        ...['--batch-size', '1', '--rounds', '2', '--turn-seconds', '0', '--json', file],
      );
      expect(stderr).not.toContain('error');
      expect(code).toBe(0);
      expect(stdout).toMatch(/Chrome \d[\s\S]*Firefox \d/);
      const { browsers } = JSON.parse(readFileSync(file, 'utf8'));
      for (const { imagesPerSecond } of browsers[0].times) expect(imagesPerSecond).toHaveLength(2);
    },
    minutes(5),
  );

  test(
    'another network: a branch and a batch normalization, on synthetic images if the data set is missing',
    async () => {
      const file = join(temporaryFolder(), 'bench.json');
      const convolution = { type: 'conv2d', filters: 4, kernelSize: 3, strides: 2, padding: 'same' };
      const model = {
        inputShape: [32, 32, 3],
        layers: [
          { ...convolution, useBias: false },
          { type: 'batchNormalization' },
          { type: 'activation', activation: 'relu', name: 'stem' },
          { ...convolution, activation: 'relu' },
          { ...convolution, inputs: ['stem'] },
          { type: 'add', inputs: [-1, -2] },
          { type: 'globalAveragePooling2d' },
          { type: 'dense', units: 10, activation: 'softmax' },
        ],
      };
      const { code, stdout, stderr } = await run(
        ...['bench', '--model', JSON.stringify(model), '--dataset', 'cifar10', '--batch-size', '2'],
        ...['--rounds', '1', '--turn-seconds', '0', '--adapter', 'software', '--json', file],
      );
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const here = foundFolder('cifar10') !== undefined;
      expect(stdout.includes('cifar10 is not on this machine: 10,000 synthetic images')).toBe(!here);
      expect(stdout).toContain('jax-js   left out: it has no layers');
      const { synthetic, dataset, model: written, batchSizes } = JSON.parse(readFileSync(file, 'utf8'));
      expect({ synthetic, dataset, written }).toEqual({ synthetic: !here, dataset: 'cifar10', written: model });
      const [{ contenders: all, ratios }] = batchSizes;
      expect(all.map(({ name }: { name: string }) => name)).toEqual(['wgrad', 'wgrad, augmented', 'TensorFlow.js']);
      // The moving statistics are where TensorFlow.js expects them; otherwise its first loss would differ.
      expect(Math.abs(all[0].losses[0] - all[2].losses[0])).toBeLessThanOrEqual(1e-3);
      expect(Object.keys(ratios)).toEqual(['TensorFlow.js']);
    },
    minutes(5),
  );

  linux(
    'Ctrl-C leaves no Chrome behind',
    async () => {
      const running = start('bench', '--dataset', 'digits', '--adapter', 'software');
      await running.says('ceiling');
      const started = descendants(running.child.pid as number);
      expect(started.length).toBeGreaterThan(0);
      running.child.kill('SIGINT');
      expect((await running.ended).code).toBe(130);
      expect(started.filter(isAlive)).toEqual([]);
    },
    minutes(5),
  );

  test.each([
    [['--batch-size', '0'], '--batch-size'],
    [['--turn-seconds', 'long'], '--turn-seconds'],
    [['--bach-size', '32'], '--batch-size'],
    [['--model', 'resnet9'], '"resnet8"'],
    [['--dataset', 'cifar'], '"cifar10"'],
    [['--health', '--model', 'resnet8'], '--model'],
    [['--model', '{"inputShape":[28,28,1],"layers":[]}'], 'no layer'],
  ])('%j is rejected', async (flags, named) => {
    const { code, stdout, stderr } = await callOf(bench, 'bench', ...flags);
    expect(code).toBe(2);
    expect(stderr).toContain('error: ');
    expect(stderr).toContain(named);
    expect(stdout).toBe('');
  });
});

describe('in the package, which has no bench', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  test('it says where the bench is available', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await main(['node', 'wgrad', 'bench', '--batch-size', '32']);
    expect(process.exitCode).toBe(2);
    expect(error.mock.calls.join()).toContain('npm install && npm run bench');
  });
});
