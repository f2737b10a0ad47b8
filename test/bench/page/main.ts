import { outcome } from '../../../src/cli/headless/outcome.ts';
import { bytesAnImage, type Dataset } from '../../../src/data/index.ts';
import { fetchDatasets } from '../../../src/data/served_datasets.ts';
import { SetupError } from '../../../src/errors.ts';
import { unlessAborted } from '../../../src/gpu/unless_aborted.ts';
import { type Gpu, openGpu } from '../../../src/index.ts';
import { compileModel, type Model } from '../../../src/model/graph.ts';
import { initialWeights } from '../../../src/model/initial_weights.ts';
import { tutorialAugmentation } from '../../../src/model/tutorial.ts';
import type { BenchPage, ContenderName, Timed } from '../protocol.ts';
import { Augmentation } from './augmentation.ts';
import type { Contender, Setup } from './contender.ts';
import { HealthPair } from './health.ts';
import { startJax } from './jax.ts';
import { multiplyAddRate } from './multiply_add.ts';
import { scaleStep } from './scale.ts';
import { StepTimes } from './steps.ts';
import { drawPictures, stream } from './streaming.ts';
import { startTensorflow } from './tensorflow.ts';
import { startWgrad } from './wgrad.ts';

const starts: Record<ContenderName, (setup: Setup) => Promise<Contender>> = {
  wgrad: (setup) => startWgrad(setup, null),
  'wgrad, augmented': (setup) => startWgrad(setup, tutorialAugmentation),
  'TensorFlow.js': startTensorflow,
  'jax-js': startJax,
};

interface Started {
  contender: Contender;
  batchSize: number;
  /** Its next batch, counted from the beginning of the data set: the n-th step of every contender is on the same batch. */
  next: number;
}

let gpu: Gpu;
let images: Dataset;
let model: Model;
const augmentations = new Map<string, Promise<Augmentation>>();
let stepTimes: StepTimes | undefined;
const healthPairs = new Map<number, HealthPair>();
const started = new Map<ContenderName, Started>();

/** If the GPU is lost, every contender's device is lost, including wgrad's own; not every library reports that to its callers. */
const orGone = <Value>(work: () => Promise<Value>) => outcome(() => unlessAborted(work(), gpu.failure));

const page: BenchPage = {
  open: (adapter, timeout) =>
    outcome(async () => {
      gpu = await openGpu({ adapter, timeout });
      return gpu.adapter;
    }),
  prepare: (trained) =>
    outcome(async () => {
      model = trained;
      images = (await fetchDatasets('run')).train;
    }),
  ceiling: () => orGone(() => multiplyAddRate(gpu)),
  augment: (imageShape, ms) =>
    orGone(async () => {
      const key = imageShape.join();
      const planned = augmentations.get(key) ?? Augmentation.plan(gpu, imageShape);
      augmentations.set(key, planned);
      return (await planned).measure(ms);
    }),
  health: (level, batchSize, steps) => orGone(() => healthPair(batchSize).measure(level, batches(0, steps, batchSize))),
  healthCost: (batchSize) => orGone(() => healthPair(batchSize).cost(batches(0, 2, batchSize))),
  stepTime: (options, batchSize, steps) =>
    orGone(() => {
      stepTimes ??= new StepTimes(gpu, model);
      return stepTimes.measure(options, batchSize, batches(0, steps, batchSize));
    }),
  scaleStep: (order) => orGone(() => scaleStep(gpu, order)),
  drawPictures: (...order) => outcome(() => drawPictures(...order)),
  stream: (order) => orGone(() => stream(gpu, order)),
  start: (name, batchSize) =>
    orGone(async () => {
      const setup = setUp(batchSize);
      const first = batches(0, 1, batchSize);
      const begun = performance.now();
      const contender = await starts[name](setup);
      await contender.load(first);
      const losses = await contender.train();
      const ms = performance.now() - begun;
      sameAdapter(name, contender.device);
      started.set(name, { contender, batchSize, next: 1 });
      return { steps: 1, ms, losses };
    }),
  train: (name, steps) => orGone(() => train(started.get(name)!, steps)),
};

Object.assign(window, { wgrad: page });

function healthPair(batchSize: number): HealthPair {
  const pair = healthPairs.get(batchSize) ?? new HealthPair(gpu, batchSize);
  healthPairs.set(batchSize, pair);
  return pair;
}

async function train(it: Started, steps: number): Promise<Timed> {
  await it.contender.load(batches(it.next, steps, it.batchSize));
  it.next += steps;
  const begun = performance.now();
  const losses = await it.contender.train();
  return { steps, ms: performance.now() - begun, losses };
}

function setUp(batchSize: number): Setup {
  const compiled = compileModel(model);
  const seed = 0;
  const places = compiled.layers.flatMap(({ name, weights }) => weights.map(({ shape }) => ({ layer: name, shape })));
  const weights = initialWeights(compiled, seed).map((values, i) => ({ values, ...places[i]! }));
  const adapter = gpu.adapter.software ? 'software' : 'hardware';
  return { adapter, batchSize, model, learningRate: 0.001, seed, weights };
}

/** Whole batches only, wrapping around after the last one. */
function batches(first: number, steps: number, batchSize: number): Dataset {
  const count = steps * batchSize;
  const bytes = bytesAnImage(images.imageShape);
  const taken = { ...images, images: new Uint8Array(count * bytes), labels: new Uint8Array(count), count };
  const there = Math.floor(images.count / batchSize);
  for (let i = 0; i < steps; i++) {
    const from = ((first + i) % there) * batchSize;
    taken.images.set(images.images.subarray(from * bytes, (from + batchSize) * bytes), i * batchSize * bytes);
    taken.labels.set(images.labels.subarray(from, from + batchSize), i * batchSize);
  }
  return taken;
}

/** Each library requests its own adapter from Chrome. */
function sameAdapter(name: string, { adapterInfo }: GPUDevice): void {
  const facts = ({ vendor, architecture, device }: Omit<GPUAdapterInfo, '__brand'>) =>
    [vendor, architecture, device].join(' ');
  if (facts(adapterInfo) === facts(gpu.device.adapterInfo)) return;
  throw new SetupError({
    what: `${name} runs on another adapter than wgrad`,
    found: facts(adapterInfo),
    expected: facts(gpu.device.adapterInfo),
  });
}
