import { expect, test } from 'vitest';
import { RecordReader } from '../../src/health/records.ts';
import type { Model } from '../../src/index.ts';
import { presetModel, residualBlock } from '../../src/index.ts';
import { describePlan } from '../../src/plan/describe_plan.ts';
import { shareMemory } from '../../src/plan/liveness.ts';
import { loadLayers } from '../../src/plan/load_layers.ts';
import { Planner } from '../../src/plan/planner.ts';
import { planSteps, sequencesOf } from '../../src/plan/steps.ts';
import { fillTrainerOptions } from '../../src/train/trainer_options.ts';

/** A line a dispatch: what it is, for which layer, how it is cut, and what it reads and writes. */
async function linesOf(model: Model): Promise<string[]> {
  const settings = fillTrainerOptions({ model, batchSize: 32 });
  await loadLayers(settings.model);
  const planner = new Planner({ software: true, subgroupSize: 4 }, { mostBytes: 2 ** 30, mostArenaBytes: 2 ** 27 });
  const steps = planSteps(planner, settings, new RecordReader(settings.model, 'norms'));
  const { dispatches, bytes } = describePlan(steps, shareMemory(planner.buffers, sequencesOf(steps)));
  return [
    ...dispatches.map(
      ({ phase, layer, kernel, variant, workgroups, reads, writes }) =>
        `${phase} ${layer || '-'} ${kernel}${variant && ` (${variant})`} x ${workgroups}: ` +
        `${reads.join(' ') || '-'} -> ${writes.join(' ')}`,
    ),
    `${dispatches.length} dispatches, ${bytes.shared} bytes, ${bytes.apart} without sharing`,
  ];
}

// A change of what a step does shows here as a change of these lines: npx vitest run --project node test/plan -u
test("the tutorial's step at batch 32", async () => {
  const lines = await linesOf(presetModel('tutorial', [28, 28, 1], 10));
  await expect(lines.join('\n')).toMatchFileSnapshot('tutorial.plan.txt');
});

test('a step of a residual network: fused sums and activations, gradients that are added', async () => {
  const lines = await linesOf({
    inputShape: [16, 16, 3],
    layers: [
      { type: 'conv2d', filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' },
      ...residualBlock({ filters: 8 }),
      ...residualBlock({ filters: 16, strides: 2 }),
      { type: 'globalAveragePooling2d' },
      { type: 'dropout', rate: 0.2 },
      { type: 'dense', units: 10, activation: 'softmax' },
    ],
  });
  await expect(lines.join('\n')).toMatchFileSnapshot('residual.plan.txt');
});
