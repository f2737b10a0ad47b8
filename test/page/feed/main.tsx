import { render } from 'preact';
import type { RunEvent } from '../../../src/health/run_events.ts';
import { type LayerHealth, modelSummary, presetModel, type StepRecord, type TensorHealth } from '../../../src/index.ts';
import { defaults } from '../../../src/page/app/experiment.ts';
import { Run } from '../../../src/page/features/run/run.ts';
import { run } from '../../../src/page/features/run/state.ts';
import { Studio } from '../../../src/page/studio.tsx';

// The page without a GPU, with a run of eleven layers whose records are generated here.

const epochSteps = 1000;
const summary = modelSummary(presetModel('deep-sigmoid', [28, 28, 1], 10));
const layers = summary.flatMap(({ name, parameters }) => (parameters ? [name] : []));
const plan = { epochs: 20, trainSamples: 32 * epochSteps, testSamples: 1000, cut: false };
const fed = new Run(
  { ...defaults, augmentation: 'none', model: 'deep-sigmoid', health: 'full' },
  plan,
  summary,
  [...'0123456789'],
  [28, 28, 1],
);

const noise = (step: number, layer: number) => Math.exp(Math.sin(step * 12.9898 + layer * 78.233));

function tensor(norm: number): TensorHealth {
  const [weightNorm, updateNorm] = [8, 0.008 * norm];
  return {
    gradientNorm: norm,
    gradientRms: norm / 64,
    gradientMax: norm / 8,
    weightNorm,
    updateNorm,
    updateRatio: norm / 1000,
  };
}

function healthOf(norm: number): LayerHealth {
  return {
    ...tensor(norm),
    tensors: { kernel: tensor(norm), bias: tensor(norm / 4) },
    activation: { mean: 0.5, standardDeviation: 0.1, zeros: 0, saturated: 0.01 },
    units: 64,
    dead: 0,
    deltaRms: norm / 100,
    transport: 0.23,
    nonFinite: { activations: 0, deltas: 0, gradients: 0, weights: 0 },
  };
}

function stepOf(step: number): StepRecord {
  const norms = layers.map((name, i): [string, number] => [name, 4 ** (i - layers.length + 1) * noise(step, i)]);
  return {
    step,
    epoch: Math.ceil(step / epochSteps),
    loss: 2.3 * Math.exp(-step / 8000) + 0.1 * noise(step, 0),
    accuracy: 1 - Math.exp(-step / 8000),
    samples: 32,
    skipped: false,
    gradientNorms: Object.fromEntries(norms),
    health: {
      layers: Object.fromEntries(norms.map(([name, norm]) => [name, healthOf(norm)])),
      transport: 1e-6,
    },
  };
}

/** Here the first layer gets another verdict. */
const turnsAt = 4500;

/** The next `count` steps, in the form in which the training thread sends them. */
function feed(count: number): void {
  const events: RunEvent[] = [];
  for (let i = 0; i < count; i++) {
    const step = fed.log.steps.length + i + 1;
    events.push({ step: stepOf(step), epochSteps, at: performance.now() });
    if (step === 10) {
      events.push(
        ...layers.map((layer) => ({
          verdict: { layer, verdict: 'healthy' as const, step: 1, epoch: 1, sentence: 'so it goes', remedy: '' },
        })),
      );
    }
    if (step === turnsAt) {
      const [layer] = layers as [string];
      const verdict = { layer, verdict: 'vanishing' as const, step, epoch: 5, sentence: 'so it went', remedy: '' };
      events.push({ verdict });
    }
    if (step % epochSteps === 0) {
      const epoch = step / epochSteps;
      const gradientNorms = Object.fromEntries(layers.map((name) => [name, { mean: 1, min: 0.1, max: 10 }]));
      const figures = { loss: 1, accuracy: 0.5, validationLoss: 1, validationAccuracy: 0.5 };
      events.push({ epoch: { epoch, ...figures, seconds: 10, imagesPerSecond: 3200, gradientNorms } });
    }
  }
  fed.add(events);
}

Object.assign(globalThis, { feed });
fed.phase.value = 'running';
run.value = fed;
render(<Studio />, document.getElementById('studio')!);
