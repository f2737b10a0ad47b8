import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cachedFolder } from '../../src/cli/dataset_cache.ts';
import { formatCifar10 } from '../../src/data/index.ts';
import { runHere, temporaryFolder } from './wgrad.ts';

const augment = JSON.stringify([{ type: 'randomCrop', size: [32, 32], padding: 4 }, { type: 'randomHorizontalFlip' }]);
const model = JSON.stringify({
  inputShape: [32, 32, 3],
  layers: [
    { type: 'conv2d', filters: 8, kernelSize: 3, strides: 2, activation: 'relu' },
    { type: 'maxPooling2d' },
    { type: 'flatten' },
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
});

async function lossesOn(dataset: string): Promise<number[]> {
  const json = join(temporaryFolder(), 'run.json');
  const args = ['--train-samples', '320', '--test-samples', '64', '--epochs', '4', '--learning-rate', '0.003'];
  const how = ['--augment', augment, '--model', model, '--adapter', 'software', '--json', json];
  const { code, stderr } = await runHere('train', '--dataset', dataset, ...args, ...how);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(readFileSync(json, 'utf8')).epochs.map(({ loss }: { loss: number }) => loss);
}

/** Ten classes with different colors and stripes, in noise: synthetic pictures in CIFAR-10's format. */
function synthetic(count: number, seed: number) {
  let state = seed;
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const images = Uint8Array.from({ length: count * 3072 }, (_, at) => {
    const label = labels[Math.floor(at / 3072)]!;
    const [row, column, channel] = [Math.floor((at % 3072) / 96), Math.floor((at % 96) / 3), at % 3];
    const stripes = label < 5 ? row % (label + 2) < 1 : column % (label - 3) < 1;
    return 40 + (channel === label % 3 ? 90 : 0) + (stripes ? 80 : 0) + 40 * noise();
  });
  return formatCifar10(images, labels);
}

test("training on cropped and flipped images in CIFAR-10's format lowers the loss", async () => {
  const folder = temporaryFolder();
  for (let batch = 1; batch <= 5; batch++) writeFileSync(join(folder, `data_batch_${batch}.bin`), synthetic(80, batch));
  writeFileSync(join(folder, 'test_batch.bin'), synthetic(80, 9));
  const losses = await lossesOn(folder);
  expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
});

test.skipIf(!existsSync(cachedFolder('cifar10')))('the same on CIFAR-10 itself', async () => {
  const losses = await lossesOn('cifar10');
  expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.05);
});
