import {
  type AdapterFacts,
  createAugmenter,
  createTrainer,
  type Gpu,
  type GpuOptions,
  type ImageDataGeneratorConfig,
  openGpu,
  selfTest,
} from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { warpImage } from '../../src/reference/augment.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { trainSteps } from '../../src/reference/train.ts';
import { expectSame, expectWithin, largestShareOf } from '../../src/selftest/compare.ts';
import { boundsOf } from '../../src/selftest/sensitivity.ts';
import { expectWarped } from '../augment/closeness.ts';
import { type KerasWarp, kerasWarps } from '../augment/keras_warps.ts';
import { torchNetworks } from '../fixtures/torch_network.ts';
import { boundsOfBatch } from '../training/batch_bounds.ts';
import { exactRescale, normalizedModel, smallDataset, smallModel } from '../training/small.ts';

// Requirements for every WebGPU implementation and every driver. The suite runs in browsers, Node and Deno, so it doesn't use
// vitest.

/** One part of the suite on one host and driver. */
export interface PartReport {
  name: string;
  checks: number;
  /** The largest difference among the passed checks, as a fraction of its bound. */
  share: number;
  /** One line per failed check. */
  failures: string[];
}

export interface PortableReport {
  adapter: AdapterFacts;
  features: string[];
  parts: PartReport[];
  /** A checksum of the weights' bits of two trained networks: equal on hosts that agree bit for bit. */
  bits: string;
  seconds: number;
}

export interface PortableOptions {
  /** WebGPU entry point; default: `navigator.gpu`. */
  gpu?: GpuOptions['gpu'];
  /** Runs a subset of the kernels, networks and warps. */
  short: boolean;
}

/** Collects the results of a part's checks; a check that throws has failed. */
class Part {
  checks = 0;
  share = 0;
  readonly failures: string[] = [];

  constructor(readonly name: string) {}

  async check(name: string, run: () => number | Promise<number>): Promise<void> {
    this.checks++;
    try {
      this.share = Math.max(this.share, await run());
    } catch (error) {
      this.failures.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  }

  get report(): PartReport {
    const { name, checks, share, failures } = this;
    return { name, checks, share, failures };
  }
}

/** Runs everything on one device. @throws SetupError if there is no WebGPU or no adapter. */
export async function runSuite({ gpu: entry, short }: PortableOptions): Promise<PortableReport> {
  const begun = performance.now();
  const how: GpuOptions = { ...(entry && { gpu: entry }), timeout: 120_000 };
  const kernels = await checkKernels(how, short);
  const gpu = await openGpu(how);
  try {
    const networks = await checkNetworks(gpu, short);
    const warps = await checkWarps(gpu, short);
    const { report: repeated, bits } = await checkRepetition(gpu);
    return {
      adapter: gpu.adapter,
      features: [...gpu.device.features].sort(),
      parts: [kernels, networks, warps, repeated],
      bits,
      seconds: (performance.now() - begun) / 1000,
    };
  } finally {
    gpu.dispose();
  }
}

/** Compares every kernel with its float64 twin. */
async function checkKernels(gpu: GpuOptions, short: boolean): Promise<PartReport> {
  const part = new Part('kernels');
  const { checks, planned } = await selfTest({ gpu, ...(short && { only: 'conv2d_forward' }) });
  for (const { name, variant, passed, share, error } of checks) {
    await part.check(`${name} ${variant}`, () => {
      if (!passed) throw new Error(error);
      return share!;
    });
  }
  if (checks.length < planned) part.failures.push(`only ${checks.length} of ${planned} checks ran`);
  return part.report;
}

/** Compares predictions, gradients and training steps with PyTorch in float64. */
async function checkNetworks(gpu: Gpu, short: boolean): Promise<PartReport> {
  const part = new Part('networks');
  for (const [name, torch] of Object.entries(torchNetworks).slice(0, short ? 1 : undefined)) {
    const { labels, batchSize } = torch;
    const model = compileModel(torch.model);
    const images = Float32Array.from(torch.images);
    const bounds = boundsOfBatch(model, torch.weights, torch.images, labels);
    await part.check(`${name}: a batch`, async () => {
      const trainer = createTrainer(gpu, { model: torch.model, batchSize });
      await trainer.setWeights(torch.weights);
      const probabilities = await trainer.predict(images);
      const { loss, gradients } = await trainer.gradients(images, labels);
      trainer.dispose();
      return largestShareOf(() => {
        expectWithin('probabilities', probabilities, torch.probabilities, bounds.probabilities);
        expectWithin('loss', [loss], [torch.loss], bounds.loss);
        for (const [i, each] of gradients.entries()) {
          expectWithin(`gradient ${i}`, each, torch.gradients[i]!, bounds.gradients[i]!);
        }
      });
    });
    for (const { optimizer, steps, weights } of torch.trained.slice(0, short ? 1 : undefined)) {
      await part.check(`${name}: ${steps} steps of ${optimizer.type}`, async () => {
        const trainer = createTrainer(gpu, { model: torch.model, optimizer, batchSize });
        await trainer.setWeights(torch.weights);
        for (let step = 0; step < steps; step++) await trainer.trainOnBatch(images, labels);
        const trained = await trainer.getWeights();
        trainer.dispose();
        const twin = (w: ArrayLike<number>[], x: ArrayLike<number>) =>
          trainSteps(optimizer, w, steps, (at) => networkGradients(model, at, x, labels).gradients);
        const limits = boundsOf(twin, model, torch.weights, torch.images);
        return largestShareOf(() => {
          for (const [i, each] of trained.entries()) expectWithin(`tensor ${i}`, each, weights[i]!, limits[i]!);
        });
      });
    }
  }
  return part.report;
}

/** Compares warps with Keras'. */
async function checkWarps(gpu: Gpu, short: boolean): Promise<PartReport> {
  const part = new Part('augmentation');
  const groups = new Map<string, KerasWarp[]>();
  for (const warp of kerasWarps) {
    const key = JSON.stringify([warp.picture, warp.sampling]);
    groups.set(key, [...(groups.get(key) ?? []), warp]);
  }
  for (const cases of [...groups.values()].slice(0, short ? 4 : undefined)) {
    const { picture, sampling, title } = cases[0]!;
    const { height, width, channels } = picture;
    await part.check(title, async () => {
      const { rescale: _, ...augmentation } = sampling;
      const augmenter = createAugmenter(gpu, {
        imageShape: [height, width, channels],
        augmentation: augmentation as ImageDataGeneratorConfig,
      });
      const all = await augmenter.apply(
        Float32Array.from(cases.flatMap(({ image }) => [...image])),
        cases.map(({ given }) => given),
      );
      augmenter.dispose();
      const elements = height * width * channels;
      return largestShareOf(() => {
        for (const [i, { title, image, parameters }] of cases.entries()) {
          const mine = all.subarray(i * elements, (i + 1) * elements);
          const exact = warpImage(image, picture, parameters, sampling);
          const compared = expectWarped(title, mine, exact, image, picture, parameters, sampling);
          if (compared <= 0.5) throw new Error(`${title}: only ${compared} of the elements can be compared`);
        }
      });
    });
  }
  return part.report;
}

/** Requires the same bits for the same seed, with augmentation, normalizations and dropout. */
async function checkRepetition(gpu: Gpu): Promise<{ report: PartReport; bits: string }> {
  const part = new Part('determinism');
  const dataset = smallDataset(22);
  let sum = 0x811c9dc5;
  for (const [name, model] of Object.entries({ small: smallModel, normalized: normalizedModel })) {
    const trained = async () => {
      const trainer = createTrainer(gpu, {
        model,
        batchSize: 4,
        seed: 5,
        augmentation: { rotationRange: 20, zoomRange: 0.2, rescale: exactRescale },
      });
      await trainer.fit(dataset, { epochs: 2 });
      const weights = await trainer.getWeights();
      trainer.dispose();
      return weights;
    };
    await part.check(name, async () => {
      const [one, other] = [await trained(), await trained()];
      for (const [i, tensor] of one.entries()) expectSame(`tensor ${i}`, other[i]!, tensor);
      for (const tensor of one) {
        const bytes = new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength);
        for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193) >>> 0;
      }
      return 0;
    });
  }
  return { report: part.report, bits: sum.toString(16).padStart(8, '0') };
}
