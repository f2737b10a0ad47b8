import { type CompiledModel, images } from '../model/graph.ts';
import { elementsOf } from '../model/initializers.ts';
import { product } from '../model/layer.ts';
import { type MeasuredArenas, placeMeasured } from './arenas.ts';
import { type Fusions, fusedInto } from './fusion.ts';
import { lowerLayer } from './layers/index.ts';
import {
  type DenseFlow,
  type Draft,
  GradientBook,
  LoweringContext,
  type Mode,
  type Tensor,
  type Value,
} from './lowering.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';

/** The tensors of a model: those that are trained lie in arenas, and their gradients alike. */
export interface Parameters {
  weights: { all: BufferRef; tensors: BufferRef[] };
  gradients: { all: BufferRef; tensors: BufferRef[] };
  /** All tensors of the model, in Keras' order. */
  tensors: BufferRef[];
}

/** What a layer leaves, in the order in which a diagnosis looks for the first number that isn't finite. */
export interface Trace {
  layer: string;
  weights: BufferRef[];
  output: BufferRef;
  gradients: BufferRef[];
}

/** What a layer hands on, for whoever looks at activations. */
export interface LayerValue {
  /** A convolution that is computed together with the pool after it shows as that pool. */
  layer: string;
  /** Of a sample. */
  shape: number[];
  ref: BufferRef;
}

/** A network's own part of a step, in data. */
export interface Network extends Parameters {
  /** Float images, [batch, height, width, channels]. */
  input: BufferRef;
  /** What softmax gets, [batch, classes]. */
  logits: BufferRef;
  /** The gradient of the loss with respect to the logits. */
  logitsGradient: BufferRef;
  forward: PlannedDispatch[];
  backward: PlannedDispatch[];
  traces: Trace[];
  values: LayerValue[];
  measured: MeasuredArenas;
  dense: DenseFlow[];
}

/** Makes the buffers for a model's tensors. */
export function planParameters(planner: Planner, { layers, tensors }: CompiledModel): Parameters {
  const named = tensors.map(({ layer, spec }) => ({
    label: `${layers[layer]!.name}.${spec.name}`,
    elements: elementsOf(spec),
    trained: spec.trainable,
  }));
  const trained = named.filter((tensor) => tensor.trained);
  const weights = planner.arena('parameters', 'weights', trained);
  const gradients = planner.arena('parameters', 'gradients', trained);
  const others = named.filter((tensor) => !tensor.trained);
  const fixed = others.length > 0 ? planner.arena('parameters', 'fixed_weights', others).tensors : [];
  return {
    weights,
    gradients,
    tensors: tensors.map(({ spec, index }) => (spec.trainable ? weights.tensors : fixed)[index]!),
  };
}

/** Lowers a model to dispatches for one batch size: one forward list, one backward list. */
export function planNetwork(planner: Planner, model: CompiledModel, batch: number): Network {
  const parameters = planParameters(planner, model);
  const input = planner.buffer('state', 'input', batch * product(model.inputShape));
  const lowered = lowerGraph(planner, model, batch, 'train', parameters, input);
  const { draft, values, outputs } = lowered;
  const measured = placeMeasured(planner, model, [...draft.forward, ...draft.backward], {
    values: model.measured.map(({ values: at }) => values[at]!),
    deltas: model.measured.map(({ layer }) => {
      const { elements } = values[layer]!;
      return { ref: lowered.gradients.get(values[layer]!)!, elements };
    }),
  });
  return {
    ...parameters,
    input,
    logits: values[model.output]!.ref,
    logitsGradient: lowered.logitsGradient,
    forward: draft.forward,
    backward: draft.backward,
    traces: tracesOf(model, parameters, values),
    values: outputs,
    measured,
    dense: draft.dense,
  };
}

/** Plans the layers in the graph's order, then their gradients in the opposite one. */
function lowerGraph(
  planner: Planner,
  model: CompiledModel,
  batch: number,
  mode: Mode,
  { gradients: { tensors: gradientTensors }, tensors }: Parameters,
  input: BufferRef,
) {
  const fusions = fusedInto(model);
  const sum = () => {
    throw new Error('not yet');
  };
  const book = new GradientBook(planner, batch, sum);
  const draft: Draft = { planner, batch, mode, forward: [], backward: [], dense: [], gradients: book };
  const first: Value = {
    ref: input,
    name: 'input',
    elements: product(model.inputShape),
    activation: 'linear',
    hasGradient: false,
  };
  const values: Value[] = [];
  const outputs: LayerValue[] = [];
  const backward: { value: Value; plan: (dy: BufferRef) => void }[] = [];
  for (const index of model.order) {
    if (fusions.members.has(index)) continue;
    const layer = model.layers[index]!;
    const inputs = layer.inputs.map((i) => (i === images ? first : values[i]!));
    const own: Record<string, Tensor> = {};
    model.tensors.forEach((tensor, t) => {
      if (tensor.layer !== index) return;
      const { spec } = tensor;
      own[spec.name] = { w: tensors[t]!, ...(spec.trainable && { dw: gradientTensors[tensor.index]! }) };
    });
    const run = [index, ...(fusions.runs.get(index) ?? [])];
    const context = new LoweringContext(draft, layer, inputs, own, fusedLayers(model, fusions, index));
    const { value, backward: plan } = lowerLayer(layer, context);
    for (const member of run) values[member] = value;
    if (inputs.includes(value)) continue; // it hands on what it gets
    for (const each of inputs) book.addConsumer(each);
    if (plan) backward.push({ value, plan });
    const last = model.layers[run.at(-1)!]!;
    outputs.push({ layer: last.name, shape: last.outputShape, ref: value.ref });
  }
  const logits = values[model.output]!;
  const logitsGradient = planner.buffer('gradient', `${logits.name}.dy`, batch * logits.elements);
  book.pass(logits, logitsGradient);
  const totals = new Map<Value, BufferRef>();
  for (const { value, plan } of backward.reverse()) {
    if (!value.hasGradient) continue;
    const dy = book.total(value)!;
    totals.set(value, dy);
    plan(dy);
  }
  return { draft, values, outputs, logitsGradient, gradients: totals };
}

const fusedLayers = (model: CompiledModel, { runs }: Fusions, index: number) => {
  const [pool] = (runs.get(index) ?? []).map((member) => model.layers[member]!);
  return pool?.type === 'maxPooling2d' ? { pool } : {};
};

function tracesOf(
  { layers, order, tensors }: CompiledModel,
  parameters: Parameters,
  values: readonly Value[],
): Trace[] {
  return order.flatMap((index) => {
    const own = [...tensors.entries()].filter(([, { layer }]) => layer === index);
    if (own.length === 0) return [];
    return {
      layer: layers[index]!.name,
      weights: own.map(([t]) => parameters.tensors[t]!),
      output: values[index]!.ref,
      gradients: own.flatMap(([, { spec, index: at }]) => (spec.trainable ? parameters.gradients.tensors[at]! : [])),
    };
  });
}
