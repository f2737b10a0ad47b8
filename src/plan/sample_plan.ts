import type { RecordReader } from '../health/records.ts';
import type { CompiledModel } from '../model/graph.ts';
import { product } from '../product.ts';
import { lowerGraph, type Network, type States } from './network.ts';
import { planParameters } from './parameters.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';
import type { Settings } from './settings.ts';
import { planSteps, type StepPlan, sequencesOf } from './steps.ts';

/** A layer of the sample that is followed through the network. */
export interface SampleLayerPlan {
  layer: string;
  /** Shape of its output. */
  shape: number[];
  values: BufferRef;
  /** The gradient of the loss with respect to the layer's output before its activation. */
  delta: BufferRef;
}

/** A step on a single sample, with its own weights and optimizer slots. */
export interface SamplePlan {
  steps: StepPlan;
  /** In execution order, without layers that compute nothing. */
  layers: SampleLayerPlan[];
  /** [height, width, channels] */
  imageGradient: BufferRef;
}

/**
 * Plans a step on one sample. Layers are not fused, so that the output and the gradient of each can be read. The optimizer's
 * update is that of training.
 */
export function planSample(planner: Planner, given: Settings, reader: RecordReader): SamplePlan {
  const settings: Settings = { ...given, batchSize: 1, accumulationSteps: 1, health: 'off' };
  const layers: SampleLayerPlan[] = [];
  let imageGradient: BufferRef | undefined;
  const planOfNetwork = (planner: Planner, model: CompiledModel, batch: number, states: States): Network => {
    const { statistics, moving: _, ...parameters } = planParameters(planner, model);
    const input = planner.buffer('state', 'input', batch * product(model.inputShape));
    const graph = lowerGraph(planner, model, {
      ...{ batch, mode: 'sample', state: states.training, input },
      parameters: { ...parameters, statistics },
    });
    const { forward, backward, logits, logitsGradient, values } = graph;
    const plan = { forward, backward, logits, logitsGradient, values };
    ({ imageGradient } = graph);
    for (const index of model.order) {
      const delta = graph.deltas.get(index)?.ref;
      const { name: layer, outputShape: shape } = model.layers[index]!;
      if (delta) layers.push({ layer, shape, values: graph.outputs[index]!.ref, delta });
    }
    // They are read after the step; the gradient of the logits may also be written by the host.
    for (const ref of [...layers.map(({ delta }) => delta), imageGradient!, logitsGradient]) {
      ref.bound.buffer.pinned = true;
    }
    const measured = { places: [], groups: [] };
    return { ...parameters, input, training: plan, gradient: plan, inference: plan, traces: [], measured, dense: [] };
  };
  const steps = planSteps(planner, settings, reader, planOfNetwork);
  return { steps, layers, imageGradient: imageGradient! };
}

/** The lists that are replayed. */
export const sampleSequences = ({ steps }: SamplePlan): PlannedDispatch[][] => sequencesOf(steps);
