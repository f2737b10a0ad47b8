import {
  exponentHistogram,
  gradientProducts,
  gradientProductsReduce,
  histogramField,
  productWords,
  sampleNorms,
} from '../kernels/probes.ts';
import { type CompiledModel, trainedTensors } from '../model/graph.ts';
import { elementsOf } from '../model/initializers.ts';
import { type FilledOptimizer, momentumOf, slotsOf } from '../model/optimizer.ts';
import { phasesOf } from './phases.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';
import type { StepPlan } from './steps.ts';

/** Number of parts of the batch from which the noise scale is estimated. */
export const probeParts = 4;

/** Everything that a probe adds to the dispatches of a step. */
export interface ProbePlan {
  /** The state of training, which is restored afterwards, and the gradient that others are compared with. */
  kept: { state: BufferRef; gradients: BufferRef };
  /** In one buffer, so that one copy reads them. */
  results: {
    all: BufferRef;
    /**
     * Products of the whole batch's gradient with the previous step's (or the momentum) and with the unaugmented images'
     * gradient.
     */
    last: BufferRef;
    momentum: BufferRef;
    plain: BufferRef;
    /** Products of each part's gradient with the whole batch's. */
    parts: BufferRef[];
    histograms: BufferRef;
    /** One per dense layer. */
    samples: { layer: string; norms: BufferRef }[];
  };
  /** Measures the whole batch against `kept.gradients`, which holds the previous step's gradients at that point. */
  whole: PlannedDispatch[];
  /** Measures part i, and the unaugmented images, against `kept.gradients`, which then holds the whole batch's. */
  parts: PlannedDispatch[][];
  plain: PlannedDispatch[];
  /** 1 if the momentum points along the gradient (Adam's m), -1 if against it (SGD's velocity); undefined if there is none. */
  momentumSign?: 1 | -1;
}

/** The longest lists of a probe: the whole batch's gradient and its measurements, with each form of the loss. */
export const probeSequences = (steps: StepPlan, { whole }: ProbePlan): PlannedDispatch[][] =>
  [steps.training.chains, []].map((chains) => {
    const { input, forward, backward } = phasesOf(steps, [], steps.training.loss, chains);
    return [...input, ...forward, ...backward, ...whole];
  });

/** Creates the buffers, pipelines and bind groups of a probe in advance; running it creates none. */
export function planProbe(
  planner: Planner,
  model: CompiledModel,
  steps: StepPlan,
  { batch, optimizer }: { batch: number; optimizer: FilledOptimizer },
): ProbePlan {
  const { gradients, dense } = steps.network;
  const { state } = steps.training;
  const { table: chunks, ranges } = steps.chunks.refs;
  const shape = {
    elements: gradients.all.size / 16,
    chunks: steps.chunks.count,
    tensors: gradients.tensors.length,
  };
  const kept = {
    state: planner.buffer('state', 'probe.state', state.size / 4),
    gradients: planner.buffer('state', 'probe.gradients', gradients.all.size / 4),
  };
  const partNames = Array.from({ length: probeParts }, (_, i) => `part_${i}`);
  const products = ['last', 'momentum', 'plain', ...partNames];
  const { all, tensors } = planner.arena('state', 'probe.results', [
    ...products.map((name) => ({ label: `probe.${name}`, elements: shape.tensors * productWords })),
    { label: 'probe.histograms', elements: shape.tensors * histogramField.words },
    ...dense.map(({ layer }) => ({ label: `probe.${layer}`, elements: batch })),
  ]);
  const [last, momentum, plain, ...others] = tensors as [BufferRef, BufferRef, BufferRef, ...BufferRef[]];
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

  const partials = planner.buffer('state', 'probe.partials', shape.chunks * productWords);
  const compare = (other: BufferRef, into: BufferRef) => [
    planner.dispatch(gradientProducts, shape, { dw: gradients.all, other, chunks, partials }),
    planner.dispatch(gradientProductsReduce, shape, { partials, tensors: ranges, products: into }),
  ];
  const specs = trainedTensors(model).map(({ spec }) => spec);
  const ends = planner.upload(
    'probe.ends',
    Uint32Array.from(gradients.tensors, ({ offset }, t) => offset / 4 + elementsOf(specs[t]!)),
  );
  const histogram = planner.dispatch(exponentHistogram, shape, {
    dw: gradients.all,
    chunks,
    ends,
    histograms: results.histograms,
  });
  const samples = dense.map(({ layer, x, dy, ...of }, i) =>
    planner.dispatch(sampleNorms, { batch, ...of }, { x, dy, state, norms: norms[i]! }, layer),
  );
  // They are read after the backward pass, so nothing may overwrite them before.
  for (const { x, dy } of dense) for (const { bound } of [x, dy]) bound.buffer.pinned = true;
  const direction = momentumOf(optimizer);
  const slot = direction && steps.slots[slotsOf(optimizer).indexOf(direction.slot)];
  const plan: ProbePlan = {
    kept,
    results,
    whole: [...compare(kept.gradients, last), ...(slot ? compare(slot, momentum) : []), histogram, ...samples],
    parts: parts.map((part) => compare(kept.gradients, part)),
    plain: compare(kept.gradients, plain),
    ...(direction && { momentumSign: direction.sign }),
  };
  planner.finish?.(plan);
  return plan;
}
