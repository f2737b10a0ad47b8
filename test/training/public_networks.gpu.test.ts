import { median } from 'simple-statistics';
import { expect, test } from 'vitest';
import {
  createTrainer,
  type Dataset,
  type HealthRecord,
  NonFiniteError,
  type StepRecord,
  takeFirst,
} from '../../src/index.ts';
import torchJson from '../fixtures/torch_public_networks.json';
import { gpu } from '../gpu/shared_gpu.ts';
import { type PublicNetwork, publicNetworks } from './public_networks.ts';
import { digits, mnist } from './real_images.ts';

// Networks from public questions: wgrad's diagnosis compared with the accepted answers.

/** Labels unrelated to the images: those of other images at a fixed offset. */
const shuffled = (dataset: Dataset): Dataset => ({
  ...dataset,
  labels: dataset.labels.map((_, i) => dataset.labels[(i * 7919 + 13) % dataset.count]!),
});

async function train(
  { model, optimizer, data, images, batchSize, epochs, rescale, labels }: PublicNetwork,
  healths: HealthRecord[],
) {
  const whole = takeFirst(data === 'digits' ? digits.train : mnist, images);
  const trainer = createTrainer(gpu, {
    model,
    optimizer,
    batchSize,
    seed: 1,
    augmentation: rescale === undefined ? null : { rescale },
  });
  const validationData = data === 'digits' ? digits.test : undefined;
  const onStep = ({ step, health }: StepRecord) => step % 10 === 1 && healths.push(health!);
  const options = {
    epochs,
    keepHealth: false,
    onStep: onStep as (record: StepRecord) => void,
    ...(validationData && { validationData }),
  };
  try {
    return await trainer.fit(labels === 'shuffled' ? shuffled(whole) : whole, options);
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    return error.history!;
  } finally {
    trainer.dispose();
  }
}

interface Measured {
  loss: [least: number, median: number, largest: number];
  layers: Record<string, Record<'reach' | 'equal' | 'saturated' | 'zeros', [number, number, number] | null>>;
}
const measured = torchJson.networks as unknown as Record<string, Measured>;

/** Mean of the last quarter of the steps that were not skipped. */
function late(losses: readonly number[]): number {
  const last = losses.slice(-Math.max(1, Math.floor(losses.length / 4)));
  return last.reduce((sum, loss) => sum + loss, 0) / last.length;
}

test.each(publicNetworks.map((network) => [network.name, network] as const))('%s', async (_, network) => {
  const { says } = network;
  const healths: HealthRecord[] = [];
  const history = await train(network, healths);
  const layers: Record<string, string> = {};
  for (const { layer, verdict } of history.verdicts) layers[layer] = verdict;
  const { verdict, cause, remedies } = history.runVerdicts.at(-1)!;
  expect([says.run].flat()).toContain(verdict);
  if (says.cause === '') expect({ cause, remedies }).toEqual({ cause: '', remedies: [] });
  else expect(cause).toContain(says.cause);
  if (says.remedy !== undefined) expect(remedies[0]!.words).toContain(says.remedy);
  if (says.layers === 'healthy') expect(new Set(Object.values(layers))).toEqual(new Set(['healthy']));
  else expect(layers).toMatchObject(says.layers);
  // The run matches PyTorch's run of the same network, except for different random numbers.
  const torch = measured[network.name]!;
  if (verdict === 'diverging') return;
  const loss = late(history.steps.map((step) => step.loss));
  expect(loss).toBeGreaterThan(0.75 * torch.loss[0] - 0.05);
  expect(loss).toBeLessThan(torch.loss[2] / 0.75 + 0.05);
  for (const [layer, { reach, equal }] of Object.entries(torch.layers)) {
    const own = (of: (health: HealthRecord) => number | undefined) => median(healths.map((health) => of(health) ?? 0));
    const ours = own(({ layers }) => layers[layer]!.deltaRms / Object.values(layers).at(-1)!.deltaRms);
    if (reach)
      expect
        .soft({ layer, near: ours >= 0.4 * reach[0] && ours <= 2.5 * reach[2] }, layer)
        .toEqual({ layer, near: true });
    expect
      .soft(
        own(({ layers }) => layers[layer]!.equal),
        layer,
      )
      .toBeCloseTo(equal![1], 1);
  }
});
