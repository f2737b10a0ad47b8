import { isFused, type UnfusedActivation } from '../kernels/activation.ts';
import type { CompiledModel } from '../model/graph.ts';
import { definitionOf } from '../model/layers/index.ts';
import { images } from '../model/wiring.ts';
import { product } from '../product.ts';
import { type Measurable, type MeasuredArenas, placeMeasured } from './arenas.ts';
import { GradientBook } from './gradient_book.ts';
import { type Fused, fusionsOf } from './layers/fusion.ts';
import { lowerLayer } from './layers/index.ts';
import { furtherLayers } from './layers/loaded.ts';
import {
  type DenseFlow,
  type Draft,
  type LayerParts,
  LoweringContext,
  type Mode,
  type Tensor,
  type Value,
} from './lowering.ts';
import { type Parameters, planParameters } from './parameters.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';

/** The buffers of a layer, in the order in which a diagnosis searches them for the first non-finite number. */
export interface Trace {
  layer: string;
  weights: BufferRef[];
  output: BufferRef;
  gradients: BufferRef[];
}

/** The output of a layer, for reading activations. */
export interface LayerValue {
  /** The last of the layers that are computed together: a convolution with a fused pool is listed as that pool. */
  layer: string;
  /** Shape of a sample. */
  shape: number[];
  ref: BufferRef;
}

/** The result of lowering a graph. */
export interface GraphPlan {
  forward: PlannedDispatch[];
  /** Empty in inference. */
  backward: PlannedDispatch[];
  /** Input of the softmax, [batch, classes]. */
  logits: BufferRef;
  /** Gradient of the loss with respect to the logits. */
  logitsGradient: BufferRef;
  values: LayerValue[];
}

/** A network's part of a step, as data. */
export interface Network extends Omit<Parameters, 'statistics'> {
  /** Images as floats, [batch, height, width, channels]. */
  input: BufferRef;
  /** The dispatches of a training step. */
  training: GraphPlan;
  /** Like `training`, for gradients that must not affect training; uses a separate state if layers read the state. */
  gradient: GraphPlan;
  /** Uses moving statistics and no masks. The same dispatches as `training` if that makes no difference. */
  inference: GraphPlan;
  traces: Trace[];
  measured: MeasuredArenas;
  dense: DenseFlow[];
}

/** Updates all moving statistics unless the step is skipped; undefined if there are none. */
export const planMovingStatistics = (
  planner: Planner,
  { moving }: Pick<Network, 'moving'>,
  state: BufferRef,
): PlannedDispatch | undefined => moving && furtherLayers().planMove(planner, moving, state);

/** The states that a network's dispatches may read: the training state, and one for work that must not affect training. */
export interface States {
  training: BufferRef;
  evaluation: BufferRef;
}

/** Places the measured tensors in arenas. Also gets the lowered graphs: training, gradients only, inference. */
export type PlaceMeasured = (
  planner: Planner,
  model: CompiledModel,
  dispatches: readonly PlannedDispatch[],
  measured: { values: Measurable[]; deltas: Measurable[] },
  graphs: readonly LoweredGraph[],
) => MeasuredArenas;

/**
 * Lowers a model to dispatches for one batch size.
 *
 * @param place may change how tensors are stored before it places them.
 */
export function planNetwork(
  planner: Planner,
  model: CompiledModel,
  batch: number,
  states: States,
  place: PlaceMeasured = placeMeasured,
): Network {
  const { statistics, ...parameters } = planParameters(planner, model);
  const input = planner.buffer('state', 'input', batch * product(model.inputShape));
  const lower = (mode: Mode, state: BufferRef) =>
    lowerGraph(planner, model, { batch, mode, state, parameters: { ...parameters, statistics }, input });
  const training = lower('train', states.training);
  const seesState = [...training.forward, ...training.backward].some(({ buffers }) => buffers.state);
  const gradient = seesState ? lower('train', states.evaluation) : training;
  const inference = model.inferenceDiffers ? lower('infer', states.evaluation) : gradient;
  const measured = place(
    planner,
    model,
    [...training.forward, ...training.backward],
    { values: training.measuredValues, deltas: training.measuredDeltas },
    [training, gradient, inference],
  );
  const plans = keptOnce();
  return {
    ...parameters,
    input,
    training: plans(training),
    gradient: plans(gradient),
    inference: plans(inference),
    traces: tracesOf(model, parameters, training.outputs),
    measured,
    dense: training.dense,
  };
}

/** Returns the part of lowered graphs that is kept; the same object for the same graph. */
function keptOnce(): (graph: LoweredGraph) => GraphPlan {
  const known = new Map<LoweredGraph, GraphPlan>();
  return (graph) => {
    const { forward, backward, logits, logitsGradient, values } = graph;
    const kept = known.get(graph) ?? { forward, backward, logits, logitsGradient, values };
    known.set(graph, kept);
    return kept;
  };
}

/** The options of a lowering. */
export interface Given {
  batch: number;
  mode: Mode;
  state: BufferRef;
  parameters: Parameters;
  input: BufferRef;
}

/** A lowered graph, with details that only some callers need. */
export interface LoweredGraph extends GraphPlan {
  dense: DenseFlow[];
  /** Output of each layer, by its index. */
  outputs: Value[];
  /** One per measured layer. */
  measuredValues: Measurable[];
  measuredDeltas: Measurable[];
  /** By layer index, the gradient of the output before its activation. Only for layers that compute something. */
  deltas: ReadonlyMap<number, Measurable>;
  /** Gradient of the images, in `sample` mode. */
  imageGradient?: BufferRef;
}

/** Plans the layers in the graph's order, then their gradients in reverse. */
export function lowerGraph(planner: Planner, model: CompiledModel, given: Given): LoweredGraph {
  const { batch, mode, state, parameters, input } = given;
  const [forward, backward]: PlannedDispatch[][] = [[], []];
  const book = new GradientBook(planner, batch, backward!);
  const draft: Draft = {
    ...{ planner, batch, mode, state, forward: forward!, backward: backward!, dense: [], gradients: book },
  };
  const first: Value = {
    ref: input,
    name: 'input',
    elements: product(model.inputShape),
    activation: 'linear',
    hasGradient: mode === 'sample',
  };
  const fusions: ReadonlyMap<number, Fused> = mode === 'sample' ? new Map() : fusionsOf(model, mode);
  const fusedAway = new Set([...fusions.values()].flatMap(({ members }) => members));
  const outputs: Value[] = [];
  const inputValue = (i: number) => (i === images ? first : outputs[i]!);
  const values: LayerValue[] = [];
  const steps: { value: Value; plan: (dy: BufferRef) => void; measured?: number }[] = [];
  for (const index of model.order) {
    if (fusedAway.has(index)) continue;
    const layer = model.layers[index]!;
    const fused = fusions.get(index) ?? { members: [] };
    const parts = partsOf(model, parameters, index, fused, inputValue);
    const context = new LoweringContext(draft, parts);
    const lowered = lowerLayer(layer, context);
    let { value } = lowered;
    const isNew = !parts.inputs.includes(value);
    if (isNew) {
      for (const each of parts.inputs) book.addConsumer(each);
      if (parts.residual) book.addConsumer(parts.residual);
      if (lowered.backward) steps.push({ value, plan: lowered.backward, measured: index });
    }
    // An activation that is not fused into any kernel.
    if (isNew && !isFused(layer.activation) && definitionOf(layer.type).role !== 'activation') {
      const own = furtherLayers().activateUnfused(
        context,
        value,
        layer.activation as UnfusedActivation,
        layer.outputShape,
      );
      book.addConsumer(value);
      ({ value } = own);
      steps.push({ value, plan: own.backward! });
    }
    for (const member of [index, ...fused.members]) outputs[member] = value;
    const last = model.layers[fused.members.at(-1) ?? index]!;
    if (isNew) values.push({ layer: last.name, shape: last.outputShape, ref: value.ref });
  }
  const logits = outputs[model.output]!;
  const logitsGradient = planner.buffer('gradient', `${logits.name}.dy`, batch * logits.elements);
  const deltas = new Map<number, Measurable>();
  if (mode !== 'infer') {
    book.pass(logits, logitsGradient);
    for (const { value, plan, measured } of steps.reverse()) {
      if (!value.hasGradient) continue;
      const dy = book.total(value)!;
      if (measured !== undefined) deltas.set(measured, { ref: dy, elements: value.elements });
      plan(dy);
    }
  }
  const imageGradient = book.total(first);
  return {
    forward: forward!,
    backward: (mode === 'train' && planner.joint?.joinLaunches(backward!, planner.traits)) || backward!,
    logits: logits.ref,
    logitsGradient,
    values,
    outputs,
    dense: draft.dense,
    measuredValues: model.measured.map(({ values: at }) => outputs[at]!),
    measuredDeltas: mode !== 'infer' ? model.measured.map(({ layer }) => deltas.get(layer)!) : [],
    deltas,
    ...(imageGradient && { imageGradient }),
  };
}

function partsOf(
  model: CompiledModel,
  parameters: Parameters,
  index: number,
  fused: Fused,
  valueAt: (i: number) => Value,
): LayerParts {
  const { statistics } = parameters;
  const layer = model.layers[index]!;
  const own = statistics.get(index);
  return {
    layer,
    index,
    inputs: layer.inputs.map(valueAt),
    tensors: tensorsOf(model, parameters, index),
    fused,
    ...(own && { statistics: own }),
    ...(fused.residual !== undefined && { residual: valueAt(fused.residual) }),
    ...(fused.norm && {
      norm: {
        layer: fused.norm.layer,
        tensors: tensorsOf(model, parameters, fused.norm.index),
        statistics: statistics.get(fused.norm.index)!,
      },
    }),
  };
}

function tensorsOf({ tensors }: CompiledModel, parameters: Parameters, index: number): Record<string, Tensor> {
  const own: Record<string, Tensor> = {};
  tensors.forEach(({ layer, spec, index: at }, t) => {
    if (layer !== index) return;
    own[spec.name] = { w: parameters.tensors[t]!, ...(spec.trainable && { dw: parameters.gradients.tensors[at]! }) };
  });
  return own;
}

function tracesOf(
  { layers, order, tensors }: CompiledModel,
  parameters: Omit<Parameters, 'statistics'>,
  outputs: readonly Value[],
): Trace[] {
  return order.flatMap((index) => {
    const own = [...tensors.entries()].filter(([, { layer }]) => layer === index);
    if (own.length === 0) return [];
    return {
      layer: layers[index]!.name,
      weights: own.map(([t]) => parameters.tensors[t]!),
      output: outputs[index]!.ref,
      gradients: own.flatMap(([, { spec, index: at }]) => (spec.trainable ? parameters.gradients.tensors[at]! : [])),
    };
  });
}
