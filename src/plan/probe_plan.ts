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
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';
import type { StepPlan } from './steps.ts';

/** How many parts of the batch the noise scale is estimated from. */
export const probeParts = 4;

/** Everything that a probe adds to the dispatches of a step. */
export interface ProbePlan {
  /** The state of training, which is restored afterwards, and the gradient that others are compared with. */
  kept: { state: BufferRef; gradients: BufferRef };
  /** In one buffer, for one copy. */
  results: {
    all: BufferRef;
    /** Products of the whole batch's gradient with the last step's (or the momentum), and with the unaugmented images'. */
    last: BufferRef;
    momentum: BufferRef;
    plain: BufferRef;
    /** The products of each part's gradient and the whole batch's. */
    parts: BufferRef[];
    histograms: BufferRef;
    /** One a dense layer. */
    samples: { layer: string; norms: BufferRef }[];
  };
  /** The measurement of the whole batch: against `kept.gradients`, which holds the last step's by then. */
  whole: PlannedDispatch[];
  /** ... of part i, and of the unaugmented images, against `kept.gradients`, which holds the whole batch's. */
  parts: PlannedDispatch[][];
  plain: PlannedDispatch[];
  /** The momentum points with the gradient (Adam's m) or against it (SGD's velocity); undefined where there is none. */
  momentumSign?: 1 | -1;
}

/** The list of a probe that lives longest: the whole batch's gradient, and all that is measured of it. */
export const probeSequence = ({ network, training }: StepPlan, { whole }: ProbePlan): PlannedDispatch[] => [
  training.begin,
  ...network.training.forward,
  training.loss,
  ...network.training.backward,
  ...whole,
];

/** Makes the buffers, pipelines and bind groups of a probe; it makes none when it runs. */
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
  // Read after the backward pass: nothing else may have been written over them by then.
  for (const { x, dy } of dense) for (const { bound } of [x, dy]) bound.buffer.pinned = true;
  const direction = momentumOf(optimizer);
  const slot = direction && steps.slots[slotsOf(optimizer).indexOf(direction.slot)];
  return {
    kept,
    results,
    whole: [...compare(kept.gradients, last), ...(slot ? compare(slot, momentum) : []), histogram, ...samples],
    parts: parts.map((part) => compare(kept.gradients, part)),
    plain: compare(kept.gradients, plain),
    ...(direction && { momentumSign: direction.sign }),
  };
}
