import { describe, expect, test } from 'vitest';
import { compileModel } from '../../src/model/graph.ts';
import { networkHealth } from '../../src/reference/health.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { trainSteps } from '../../src/reference/train.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { torchNetworks } from '../fixtures/torch_network.ts';

// Both are float64; the fixture has 13 digits.
const bound = 1e-12;

describe.each(Object.entries(torchNetworks))('the twin of a network beside PyTorch: %s', (_, torch) => {
  const model = compileModel(torch.model);
  const { labels } = torch;
  // Noise in the empty slots of a short batch, which must have no effect.
  const slots = (torch.images.length / labels.length) * torch.batchSize;
  const images = Float64Array.from({ length: slots }, (_, i) => torch.images[i] ?? (i % 7) - 3);

  test('loss, probabilities and gradients', () => {
    const ours = networkGradients(model, torch.weights, images, labels);
    expectWithin('loss', [ours.loss], [torch.loss], bound);
    expect(ours.correct).toBe(torch.hits);
    expectWithin('p', ours.probabilities.subarray(0, torch.probabilities.length), torch.probabilities, bound);
    for (const [i, g] of ours.gradients.entries()) expectWithin(`gradient ${i}`, g, torch.gradients[i]!, bound);
    expect(ours.gradients).toHaveLength(torch.gradients.length);
  });

  test('gradient health', () => {
    const network = networkGradients(model, torch.weights, images, labels);
    const step = { network, x: torch.images, before: torch.weights, after: torch.weights, positive: {} };
    const layers = Object.values(networkHealth(model, step).health.layers);
    expect(layers).toHaveLength(torch.health.length);
    for (const [i, { activation, deltaRms, dead }] of layers.entries()) {
      const { elements, ...expected } = torch.health[i]!;
      const { mean, standardDeviation, zeros, saturated } = activation;
      expectWithin(
        `layer ${i}`,
        [mean, standardDeviation, zeros * elements, saturated * elements, dead, deltaRms],
        [
          expected.mean,
          expected.standardDeviation,
          expected.zeros,
          expected.saturated,
          expected.dead,
          expected.deltaRms,
        ],
        bound,
      );
    }
  });

  test('shares of classes for labels: loss and gradients', () => {
    const ours = networkGradients(model, torch.weights, images, labels, torch.soft.targets);
    expectWithin('loss', [ours.loss], [torch.soft.loss], bound);
    for (const [i, g] of ours.gradients.entries()) expectWithin(`gradient ${i}`, g, torch.soft.gradients[i]!, bound);
  });

  test.each(torch.trained)('$steps steps of $optimizer', ({ optimizer, steps, weights }) => {
    const step = (w: Float64Array[]) => networkGradients(model, w, images, labels).gradients;
    const ours = trainSteps(optimizer, torch.weights, steps, step);
    for (const [i, w] of ours.entries()) expectWithin(`weights ${i}`, w, weights[i]!, bound);
  });
});
