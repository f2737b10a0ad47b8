import type { Slice } from '../gpu/memory.ts';
import type { Recorder } from '../gpu/recorder.ts';
import type { Recording } from '../gpu/recording.ts';
import {
  exponentHistogram,
  gradientProducts,
  gradientProductsReduce,
  histogramField,
  productWords,
  sampleNorms,
} from '../kernels/probes.ts';
import { elementsOf } from './initializers.ts';
import type { CompiledModel } from './model.ts';
import type { Steps } from './steps.ts';

/** How many parts of the batch the noise scale is estimated from. */
export const probeParts = 4;

/** Everything that a probe adds to the dispatches of a step. */
export interface ProbePlan {
  /** What training had, to be put back, and the gradient that others are compared with. */
  kept: { state: Slice; gradients: Slice };
  /** In one buffer, for one copy. */
  results: {
    all: Slice;
    /** Of the whole batch's gradient and the last step's, or the momentum; of the plain images' and the whole batch's. */
    last: Slice;
    momentum: Slice;
    plain: Slice;
    /** Of each part's gradient and the whole batch's. */
    parts: Slice[];
    histograms: Slice;
    /** One a dense layer. */
    samples: { layer: string; norms: Slice }[];
  };
  staging: GPUBuffer;
  /** What is measured of the whole batch: against `kept.gradients`, which holds the last step's by then. */
  whole: Recording;
  /** ... of part i, and of the plain images, against `kept.gradients`, which holds the whole batch's. */
  parts: Recording[];
  plain: Recording;
  /** The momentum points with the gradient (Adam's m) or against it (SGD's velocity); undefined where there is none. */
  momentumSign?: 1 | -1;
}

/** Makes the buffers, pipelines and bind groups of a probe; it makes none when it runs. */
export async function planProbe(
  recorder: Recorder,
  model: CompiledModel,
  steps: Steps,
  { batch, adaptive }: { batch: number; adaptive: boolean },
): Promise<ProbePlan> {
  const { memory } = recorder;
  const { gradients, dense } = steps.network;
  const { state } = steps.training;
  const { table: chunks, ranges } = steps.chunks.slices;
  const shape = {
    elements: gradients.all.size / 16,
    chunks: steps.chunks.count,
    tensors: gradients.tensors.length,
  };
  const kept = {
    state: memory.storage('probe.state', state.size / 4),
    gradients: memory.storage('probe.gradients', gradients.all.size / 4),
  };
  const partNames = Array.from({ length: probeParts }, (_, i) => `part_${i}`);
  const products = ['last', 'momentum', 'plain', ...partNames];
  const { all, tensors } = memory.arena('probe.results', [
    ...products.map((name) => ({ label: `probe.${name}`, elements: shape.tensors * productWords })),
    { label: 'probe.histograms', elements: shape.tensors * histogramField.words },
    ...dense.map(({ layer }) => ({ label: `probe.${layer}`, elements: batch })),
  ]);
  const [last, momentum, plain, ...others] = tensors as [Slice, Slice, Slice, ...Slice[]];
  const [parts, [histograms, ...norms]] = [others.slice(0, probeParts), others.slice(probeParts)];
  const results = {
    all,
    last,
    momentum,
    plain,
    parts,
    histograms: histograms!,
    samples: dense.map(({ layer }, i) => ({ layer, norms: norms[i]! })),
  };

  const partials = memory.storage('probe.partials', shape.chunks * productWords);
  const compare = (other: Slice, into: Slice) =>
    Promise.all([
      recorder.dispatch(gradientProducts, shape, { dw: gradients.all, other, chunks, partials }),
      recorder.dispatch(gradientProductsReduce, shape, { partials, tensors: ranges, products: into }),
    ]);
  const specs = model.layers.flatMap((layer) => layer.weights);
  const ends = memory.upload(
    'probe.ends',
    Uint32Array.from(gradients.tensors, ({ offset }, t) => offset / 4 + elementsOf(specs[t]!)),
  );
  const histogram = recorder.dispatch(exponentHistogram, shape, {
    dw: gradients.all,
    chunks,
    ends,
    histograms: results.histograms,
  });
  const samples = dense.map(({ layer, x, dy, ...of }, i) =>
    recorder.dispatch(sampleNorms, { batch, ...of }, { x, dy, state, norms: norms[i]! }, layer),
  );
  const [moment] = steps.moments;
  return {
    kept,
    results,
    staging: memory.staging('probe.staging', all.size),
    whole: [
      ...(await compare(kept.gradients, last)),
      ...(moment ? await compare(moment, momentum) : []),
      await histogram,
      ...(await Promise.all(samples)),
    ],
    parts: await Promise.all(parts.map((part) => compare(kept.gradients, part))),
    plain: await compare(kept.gradients, plain),
    ...(moment && { momentumSign: adaptive ? 1 : -1 }),
  };
}
