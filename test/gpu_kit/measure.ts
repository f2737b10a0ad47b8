import { shapeText } from '../../src/cli/tune.ts';
import { counted, figure } from '../../src/figures.ts';
import { formatPytorch } from '../../src/formats/pytorch/pytorch.ts';
import { medianAndSpread } from '../../src/gpu/pass_times.ts';
import type { Ceilings } from '../../src/gpu/roofline.ts';
import { isSameVariant, variantText } from '../../src/gpu/variants.ts';
import {
  type AdapterFacts,
  ConfigurationError,
  createDataset,
  createTrainer,
  type Dataset,
  type Gpu,
  type GpuOptions,
  openGpu,
  type SelfTestReport,
  type SubgroupMatrixTrait,
  selfTest,
  type TimedVariant,
  type TrainerOptions,
  type TunedKernel,
  type Tuning,
  tune,
} from '../../src/index.ts';
import { type Conv2dShape, conv2dForward } from '../../src/kernels/conv2d.ts';
import { compileModel, type Model } from '../../src/model/graph.ts';
import { initialWeights } from '../../src/model/initial_weights.ts';
import { presetModel } from '../../src/model/presets.ts';
import { tutorialAugmentation, tutorialModel } from '../../src/model/tutorial.ts';
import { measureCeilings } from '../../src/train/measure_ceilings.ts';
import { flopsAnImage } from '../bench/flops.ts';

// The kit's measurements on a GPU. It runs in Node and Deno, from a single file.

/** Speed of one network's training step. */
export interface MeasuredStep {
  network: string;
  batchSize: number;
  /** `default`; `tuned`: the fastest variant of each kernel; or `tensor cores`: also among those on tensor cores. */
  variants: 'default' | 'tuned' | 'tensor cores';
  imagesPerSecond: number;
  msPerStep: number;
  gflops: number;
  /** Fraction of the multiply-add ceiling; omitted if that could not be measured. */
  shareOfCeiling?: number;
}

export interface KitReport {
  adapter?: AdapterFacts;
  features?: string[];
  /** Omitted if the device has no timestamps. */
  ceilings?: Ceilings;
  /** Microseconds of one dispatch in a chain of them: one that does nothing, and one that waits for the one before. */
  dispatch?: { empty: number; dependent: number };
  correctness?: Pick<SelfTestReport, 'passed' | 'planned' | 'checks' | 'seconds'>;
  /** Times of every variant, by network and batch size. */
  variants: { network: string; batchSize: number; kernels: Tuning['kernels']; left: number; seconds: number }[];
  steps: MeasuredStep[];
  /** The variants on tensor cores; their steps are among `steps`. */
  tensorCores?: {
    /** What the adapter lacks; all else is omitted then. */
    missing?: string;
    matrix?: SubgroupMatrixTrait;
    correctness?: KitReport['correctness'];
    variants: KitReport['variants'];
  };
  /** The tutorial's whole run: ten epochs of 60,000 augmented images. */
  run?: {
    images: number;
    seconds: number;
    imagesPerSecond: number;
    loss: number;
    validationAccuracy?: number;
    /** True if the time was over before its end. */
    isCut: boolean;
  };
  /** Notes on measurements that failed, with the reason. */
  notes: string[];
  seconds: number;
}

export interface MeasureOptions {
  gpu: GpuOptions;
  /** Small sizes, to try the kit out. */
  quick: boolean;
  /** The GPU object that offers tensor cores, if it is not the one of `gpu`. */
  tensorGpu?: GPU;
  /** Names of the networks whose steps are measured; all unless given. */
  networks?: string[];
  /** Maximum duration of all measurements in seconds. */
  seconds: number;
  /** MNIST, if the kit contains it; otherwise random images of its shape are used. */
  mnist?: Record<'train' | 'test', { images: Uint8Array; labels: Uint8Array }>;
  say: (line: string) => void;
  /** Called after each part. */
  keep: (report: KitReport) => void;
}

interface Network {
  name: string;
  model: Model;
  imageShape: [number, number, number];
  batchSizes: number[];
}

export const networksOf = (quick: boolean): Network[] => [
  {
    name: 'tutorial',
    model: tutorialModel(),
    imageShape: [28, 28, 1],
    batchSizes: quick ? [4, 8] : [32, 256, 1024],
  },
  {
    name: 'resnet20',
    model: presetModel('resnet20', [32, 32, 3], 10),
    imageShape: [32, 32, 3],
    batchSizes: quick ? [2] : [128],
  },
];

/** A trial run times the variants of this network, whose shaders a CPU compiles fast. */
const trialNetwork = {
  name: 'a dense layer',
  model: { inputShape: [8, 8, 1], layers: [{ type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }] },
  batchSizes: [4],
} satisfies Omit<Network, 'imageShape'>;

/**
 * Relative amounts of time. A part may take its share of the time that is left, divided among the parts that have not begun; what it does
 * not use goes to them.
 */
const weights = {
  ceilings: 2,
  dispatches: 1,
  correctness: 14,
  step: 4,
  variants: 7,
  tunedStep: 3,
  run: 14,
  tensorCores: 8,
};

/** Seconds by which the last part may exceed all of the time, if it waits for a compilation or a step that cannot be interrupted. */
const graceSeconds = 5;

/** A measurement that did not finish in its time, or that would not. */
class OutOfTime extends Error {}

/** A step is not measured if its warm-up turn would probably take more than this many times its share of the time. */
const mostOverrun = 3;

interface Part {
  name: string;
  weight: number;
  work: (limit: Limit) => Promise<void>;
}

/** The time that a part has from now on. */
class Limit {
  readonly #end: number;
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;

  constructor(readonly seconds: number) {
    this.#end = performance.now() + 1000 * seconds;
    this.signal = AbortSignal.timeout(Math.max(0, Math.ceil(1000 * seconds)));
  }

  left(): number {
    return (this.#end - performance.now()) / 1000;
  }
}

/** Rejects if a part does not end within some seconds. */
async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new OutOfTime()), 1000 * seconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}

/** Seconds per turn of a measured step, and the number of turns. */
const [turnSeconds, turns] = [1.5, 3];

/** Steps of a turn, at least. */
const fewestSteps = 4;

/** Measures everything, in order of importance, and ends before the time is over. */
export async function measure(options: MeasureOptions): Promise<KitReport> {
  const { quick, say, keep } = options;
  const begun = performance.now();
  const whole = new Limit(options.seconds);
  const left = () => whole.left();
  const report: KitReport = { variants: [], steps: [], notes: [], seconds: 0 };
  const note = (text: string) => void report.notes.push(text);
  const gpu = await openGpu({ ...options.gpu, tuning: 'off' });
  try {
    report.adapter = gpu.adapter;
    report.features = [...gpu.device.features].sort();
    const { vendor, architecture, description, software } = gpu.adapter;
    say(`adapter  ${[description, vendor, architecture].filter(Boolean).join(', ')}${software ? ' (CPU)' : ''}`);
    const tuned = new Map<string, Tuning & { variants: TrainerOptions['kernelVariants'] }>();
    const networks = networksOf(quick).filter(({ name }) => options.networks?.includes(name) ?? true);
    const each = <N extends { batchSizes: number[] }>(list: N[], partOf: (network: N, batchSize: number) => Part) =>
      list.flatMap((network) => network.batchSizes.map((batchSize) => partOf(network, batchSize)));
    const parts: Part[] = [
      {
        name: 'ceilings',
        weight: weights.ceilings,
        async work() {
          const { gflops, gbps } = await measureCeilings(gpu);
          report.ceilings = { gflops, gbps };
          say(`ceilings ${figure(gflops)} GFLOP/s of multiply-adds, ${figure(gbps)} GB/s of memory`);
        },
      },
      {
        name: 'dispatches',
        weight: weights.dispatches,
        async work() {
          const dispatch = await measureDispatches(gpu, quick ? 100 : 1000);
          report.dispatch = dispatch;
          say(
            `dispatch ${dispatch.empty.toFixed(2)} us if it does nothing, ${dispatch.dependent.toFixed(2)} us if it needs what the one before wrote`,
          );
        },
      },
      {
        name: 'correctness',
        weight: weights.correctness,
        async work(limit) {
          report.correctness = await correctness('checks', options.gpu, limit, quick ? 'conv2d_forward' : undefined);
        },
      },
      ...each(networks, (network, batchSize) => ({
        name: `step of ${network.name}, batch ${batchSize}`,
        weight: weights.step,
        work: (limit) => step(gpu, network, batchSize, 'default', limit),
      })),
      ...each<Omit<Network, 'imageShape'>>(quick ? [trialNetwork] : networks, ({ name, model }, batchSize) => ({
        name: `variants of ${name}, batch ${batchSize}`,
        weight: weights.variants,
        async work(limit) {
          tuned.set(`${name} ${batchSize}`, await variants(gpu, report.variants, name, { model, batchSize }, limit));
        },
      })),
      ...each(networks, (network, batchSize) => ({
        name: `tuned step of ${network.name}, batch ${batchSize}`,
        weight: weights.tunedStep,
        async work(limit) {
          const { variants } = tuned.get(`${network.name} ${batchSize}`) ?? {};
          if (Object.keys(variants ?? {}).length > 0) await step(gpu, network, batchSize, 'tuned', limit, variants);
        },
      })),
      {
        name: 'run',
        weight: weights.run,
        work: (limit) => wholeRun(gpu, options, report, tuned.get('tutorial 32')?.variants, limit),
      },
      { name: 'tensor cores', weight: weights.tensorCores, work: tensorCores },
    ];
    for (const [i, { name, weight, work }] of parts.entries()) {
      const ahead = parts.slice(i).reduce((sum, part) => sum + part.weight, 0);
      const limit = new Limit((left() * weight) / ahead);
      if (left() <= 0) note(`${name}: left out, because the time was over (--minutes gives it more)`);
      else {
        try {
          await within(left() + graceSeconds, work(limit));
        } catch (error) {
          const why =
            error instanceof OutOfTime
              ? `left out, because ${error.message || 'it did not finish'}, and its share of the time was ${limit.seconds.toFixed(1)} s (--minutes gives it more)`
              : error instanceof Error
                ? error.message
                : String(error);
          note(`${name}: ${why}`);
          say(`${error instanceof OutOfTime ? 'left out' : 'failed  '} ${name}: ${why}`);
        }
      }
      report.seconds = (performance.now() - begun) / 1000;
      keep(report);
    }

    async function correctness(
      row: string,
      how: GpuOptions,
      { signal }: Limit,
      only?: string,
    ): Promise<KitReport['correctness']> {
      const tested = await selfTest({ gpu: how, signal, ...(only !== undefined && { only }) });
      const { passed, planned, checks, seconds } = tested;
      if (checks.length < planned) note(`${row}: ${planned - checks.length} of ${planned} left out for lack of time`);
      const failed = checks.filter((check) => !check.passed);
      say(`${row.padEnd(8)} ${checks.length} of ${planned} ran, ${failed.length} failed, ${seconds.toFixed(1)} s`);
      for (const { name, variant, error } of failed.slice(0, 20)) say(`failed   ${name} ${variant}: ${error}`);
      return { passed, planned, checks, seconds };
    }

    async function variants(
      on: Gpu,
      rows: KitReport['variants'],
      network: string,
      trained: { model: Model; batchSize: number },
      { signal }: Limit,
    ) {
      const timed = await tune(on, trained, { mode: 'full', signal });
      const { batchSize } = trained;
      const { kernels, left: untimed, seconds } = timed;
      rows.push({ network, batchSize, kernels, left: untimed, seconds });
      if (untimed > 0) note(`variants of ${network}, batch ${batchSize}: ${untimed} not timed for lack of time`);
      const others = Object.values(timed.variants);
      const onTensorCores = others.filter(({ subgroupMatrix }) => subgroupMatrix).length;
      say(
        `variants ${network}, batch ${batchSize}: ${counted(kernels.length, 'kernel')} timed, ${others.length} faster in another variant than ` +
          `the default${on.traits.subgroupMatrix ? `, ${onTensorCores} of them on tensor cores` : ''}` +
          `${untimed === 0 ? '' : `; ${untimed} not timed for lack of time`}`,
      );
      for (const kernel of kernels) say(`         ${timesText(kernel, report.ceilings)}`);
      return timed;
    }

    /** Checks and times the variants on tensor cores, at the largest batch of each network. */
    async function tensorCores(limit: Limit) {
      const own: NonNullable<KitReport['tensorCores']> = { variants: [] };
      report.tensorCores = own;
      const { tensorGpu = options.gpu.gpu } = options;
      const how: GpuOptions = {
        ...options.gpu,
        ...(tensorGpu && { gpu: tensorGpu }),
        tensorCores: true,
        tuning: 'off',
      };
      const opened = await openGpu(how).catch((error: unknown) => {
        if (!(error instanceof ConfigurationError)) throw error;
        own.missing = String(error.parts.found);
        say(`tensor   no tensor cores that wgrad can use: ${own.missing}`);
      });
      if (!opened) return;
      try {
        own.matrix = opened.traits.subgroupMatrix!;
        const { m, n, k } = own.matrix;
        say(`tensor   cores multiply matrices of ${m} x ${n} x ${k} in float16`);
        own.correctness = await correctness('tensor', how, new Limit(limit.left() / 3), 'conv2d_matrix');
        for (const [i, network] of networks.entries()) {
          const { name, model } = network;
          const batchSize = network.batchSizes.at(-1)!;
          const time = new Limit(limit.left() / (networks.length - i));
          const timed = await variants(
            opened,
            own.variants,
            name,
            { model, batchSize },
            new Limit((2 * time.left()) / 3),
          );
          if (!Object.values(timed.variants).some(({ subgroupMatrix }) => subgroupMatrix)) continue;
          await step(opened, network, batchSize, 'tensor cores', time, timed.variants);
        }
      } finally {
        opened.dispose();
      }
    }

    async function step(
      on: Gpu,
      { name: network, model, imageShape }: Network,
      batchSize: number,
      variants: MeasuredStep['variants'],
      limit: Limit,
      kernelVariants?: TrainerOptions['kernelVariants'],
    ) {
      const trained = { model, batchSize, ...(kernelVariants && { kernelVariants }) };
      const flops = flopsAnImage(compileModel(model));
      const known = report.steps.at(-1);
      const predicted = known ? (fewestSteps * batchSize * flops) / (1e9 * known.gflops) : 0;
      if (!quick && predicted > mostOverrun * limit.seconds) {
        throw new OutOfTime(`${fewestSteps} steps would take about ${predicted.toFixed(0)} s`);
      }
      const { imagesPerSecond, turns: done } = await measureStep(on, trained, imageShape, quick, limit, whole.signal);
      if (done < turns && !quick) {
        const from = done === 0 ? 'its first steps only' : `${done} of ${turns} turns`;
        note(`step of ${network}, batch ${batchSize}, ${variants} variants: from ${from}, for lack of time`);
      }
      const gflops = (imagesPerSecond * flops) / 1e9;
      const share = report.ceilings && gflops / report.ceilings.gflops;
      const msPerStep = (1000 * batchSize) / imagesPerSecond;
      report.steps.push({
        ...{ network, batchSize, variants, imagesPerSecond, msPerStep, gflops },
        ...(share !== undefined && { shareOfCeiling: share }),
      });
      const percent = share === undefined ? '' : `, ${(100 * share).toFixed(0)} % of the ceiling`;
      say(
        `step     ${network}, batch ${batchSize}, ${variants} variants: ${figure(imagesPerSecond)} images/s, ` +
          `${figure(msPerStep)} ms, ${figure(gflops)} GFLOP/s${percent}`,
      );
    }
  } finally {
    // Otherwise it would wait for the part that did not end in time; the process ends soon.
    if (left() > -graceSeconds) gpu.dispose();
  }
  report.seconds = (performance.now() - begun) / 1000;
  keep(report);
  return report;
}

/** A kernel's time in its default variant, and in the fastest one if that is another. */
export function timesText({ kernel, shape, timings, chosen }: TunedKernel, ceilings: Ceilings | undefined): string {
  const flops = isProduct.test(kernel) && 'inChannels' in shape ? conv2dForward.cost(shape as Conv2dShape).flops : 0;
  const rate = ({ microseconds }: TimedVariant) => {
    const gflops = flops / microseconds / 1000;
    const share = ceilings && ` (${((100 * gflops) / ceilings.gflops).toFixed(0)} % of the ceiling)`;
    return `${figure(microseconds)} us${flops > 0 ? `, ${figure(gflops)} GFLOP/s${share ?? ''}` : ''}`;
  };
  const [first] = timings;
  const fastest = timings.find(({ variant }) => isSameVariant(variant, chosen));
  const text = `${kernel} ${shapeText(shape)}: ${rate(first!)}`;
  return fastest === first
    ? `${text}; the default is the fastest`
    : `${text}; ${rate(fastest!)} with ${variantText(chosen)}`;
}

/** Kernels that all cost the same at the same shape. */
const isProduct = /^(?:conv2d|dense)_(?:forward|backward_[xw])(?:_narrow)?$/;

/** Microseconds per dispatch: the difference between a chain of `count` dispatches and one of twice the length. */
async function measureDispatches(gpu: Gpu, count: number): Promise<NonNullable<KitReport['dispatch']>> {
  const { device } = gpu;
  const y = device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE });
  const time = async (code: string, buffers: GPUBuffer[]) => {
    const module = device.createShaderModule({ code });
    const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const chain = async (length: number) => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let i = 0; i < length; i++) pass.dispatchWorkgroups(1);
      pass.end();
      const commands = encoder.finish();
      const begun = performance.now();
      device.queue.submit([commands]);
      await device.queue.onSubmittedWorkDone();
      return 1000 * (performance.now() - begun);
    };
    await chain(count);
    const differences: number[] = [];
    for (let round = 0; round < 9; round++) {
      const [short, long] = [await chain(count), await chain(2 * count)];
      differences.push((long - short) / count);
    }
    return medianAndSpread(differences).median;
  };
  try {
    return {
      empty: await time('@compute @workgroup_size(1) fn main() {}', []),
      dependent: await time(
        '@group(0) @binding(0) var<storage, read_write> y: u32;\n@compute @workgroup_size(1) fn main() { y += 1u; }',
        [y],
      ),
    };
  } finally {
    y.destroy();
  }
}

/**
 * Images per second: the median of several turns after a warm-up turn, as many as there is time for. No augmentation.
 *
 * @param end aborted when the time of all measurements is over.
 * @throws OutOfTime if even the warm-up turn does not end by then.
 */
async function measureStep(
  gpu: Gpu,
  options: TrainerOptions & { batchSize: number },
  imageShape: Network['imageShape'],
  quick: boolean,
  limit: Limit,
  end: AbortSignal,
): Promise<{ imagesPerSecond: number; turns: number }> {
  const { batchSize } = options;
  const trainer = createTrainer(gpu, { ...options, seed: 0 });
  try {
    const turn = async (steps: number, signal: AbortSignal) => {
      const images = randomImages(imageShape, steps * batchSize);
      return (await trainer.fit(images, { epochs: 1, signal })).epochs.at(-1)?.imagesPerSecond;
    };
    // It also compiles the shaders, which cannot be interrupted, so it may take longer than its share of the time.
    const first = await turn(quick ? 1 : fewestSteps, end);
    if (first === undefined) throw new OutOfTime();
    const rates: number[] = [];
    const most = 60_000;
    const seconds = Math.min(turnSeconds, limit.left() / turns);
    const steps = quick
      ? 1
      : Math.max(fewestSteps, Math.min(Math.ceil((first * seconds) / batchSize), Math.floor(most / batchSize)));
    while (rates.length < (quick ? 1 : turns)) {
      const rate = await turn(steps, limit.signal);
      if (rate === undefined) break;
      rates.push(rate);
    }
    return { imagesPerSecond: rates.length > 0 ? medianAndSpread(rates).median : first, turns: rates.length };
  } finally {
    trainer.dispose();
  }
}

function randomImages(imageShape: Network['imageShape'], count: number): Dataset {
  const elements = count * imageShape.reduce((a, b) => a * b);
  const images = new Uint8Array(elements);
  let state = 1;
  for (let i = 0; i < elements; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    images[i] = state >>> 24;
  }
  const classNames = Array.from({ length: 10 }, (_, i) => String(i));
  return createDataset({
    images,
    imageShape,
    classNames,
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
  });
}

/** The tutorial from beginning to end: MNIST, augmented, batch 32, ten epochs, with validation. */
async function wholeRun(
  gpu: Gpu,
  { quick, mnist, say }: MeasureOptions,
  report: KitReport,
  kernelVariants: TrainerOptions['kernelVariants'],
  { signal }: Limit,
): Promise<void> {
  const imageShape: [number, number, number] = [28, 28, 1];
  const part = (name: 'train' | 'test', count: number) => {
    if (!mnist) return randomImages(imageShape, count);
    const { images, labels } = mnist[name];
    return createDataset({ images: images.subarray(0, count * 784), labels: labels.subarray(0, count), imageShape });
  };
  if (!mnist) report.notes.push('run: MNIST is not in the kit, random images were trained on');
  const [train, test, epochs] = quick
    ? [part('train', 64), part('test', 32), 1]
    : [part('train', 60_000), part('test', 10_000), 10];
  const trainer = createTrainer(gpu, {
    ...{ model: tutorialModel(), augmentation: tutorialAugmentation, batchSize: quick ? 8 : 32, seed: 0 },
    ...(kernelVariants && { kernelVariants }),
  });
  try {
    const begun = performance.now();
    const history = await trainer.fit(train, { epochs, signal, validationData: test });
    const took = (performance.now() - begun) / 1000;
    const last = history.epochs.at(-1);
    const isCut = history.epochs.length < epochs;
    if (isCut) report.notes.push(`run: ended after ${history.epochs.length} of ${epochs} epochs for lack of time`);
    const images = history.epochs.length * train.count;
    report.run = {
      ...{ images, seconds: took, imagesPerSecond: images / took, loss: last?.loss ?? Number.NaN, isCut },
      ...(last?.validationAccuracy !== undefined && { validationAccuracy: last.validationAccuracy }),
    };
    say(
      `run      ${history.epochs.length} of ${epochs} epochs of ${train.count} augmented images in ${took.toFixed(1)} s, start-up ` +
        `and validation included${last?.validationAccuracy === undefined ? '' : `: validation accuracy ${last.validationAccuracy.toFixed(4)}`}`,
    );
  } finally {
    trainer.dispose();
  }
}

/** The networks as PyTorch modules with their weights, for the script that measures PyTorch: `tutorial/model.py` and so on. */
export function torchFiles(): { name: string; bytes: Uint8Array }[] {
  return networksOf(false).flatMap(({ name, model }) =>
    formatPytorch({ model, weights: initialWeights(compileModel(model), 0) }).map((file) => ({
      name: `${name}/${file.name}`,
      bytes: file.bytes,
    })),
  );
}
