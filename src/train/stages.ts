import type { Activation } from '../kernels/activation.ts';
import type { CompiledConv2d, CompiledDense, CompiledLayer, CompiledMaxPooling2d, CompiledModel } from './model.ts';

/** A layer that hands a tensor on, with the pool that is computed in the same dispatch. Flatten hands on what it gets. */
export interface Stage {
  layer: CompiledConv2d | CompiledDense | CompiledMaxPooling2d;
  pool?: CompiledMaxPooling2d;
  /** Of a sample of what it hands on. */
  elements: number;
  /** Somebody wants the gradient of what it hands on: a layer with weights is not behind it. */
  hasGradient: boolean;
}

/** A layer with weights, and what of it is measured each step. */
export interface MeasuredLayer {
  name: string;
  /** A softmax belongs to the loss: its layer gives logits. */
  activation: Activation;
  /** Channels or units. */
  units: number;
  /** The stage whose output is measured: the layer's own, or that of the pool right behind it. Elements of a sample. */
  values: { stage: number; elements: number };
  /** The stage whose gradient is measured, always the layer's own. Elements of a sample. */
  deltas: { stage: number; elements: number };
  /** Of a sample of the layer's output, before any pool. */
  outputElements: number;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export function stagesOf({ layers }: CompiledModel): Stage[] {
  const stages: Stage[] = [];
  let hasGradient = false;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i]!;
    if (layer.type === 'flatten') continue;
    const pool = layer.type === 'conv2d' ? poolToFuse(layer, layers[i + 1]) : undefined;
    if (pool) i++;
    hasGradient ||= layer.weights.length > 0;
    stages.push({ layer, pool, elements: sizeOf((pool ?? layer).outputShape), hasGradient });
  }
  return stages;
}

export function measuredLayers(model: CompiledModel): MeasuredLayer[] {
  const stages = stagesOf(model);
  return stages.flatMap(({ layer, pool, elements }, stage) => {
    if (layer.type === 'maxPooling2d') return [];
    const next = stages[stage + 1];
    const behind = layer.type === 'conv2d' && !pool && next?.layer.type === 'maxPooling2d';
    const { activation } = layer.config;
    return {
      name: layer.name,
      activation: activation === 'softmax' ? 'linear' : activation,
      units: layer.outputShape.at(-1)!,
      values: behind ? { stage: stage + 1, elements: next.elements } : { stage, elements },
      deltas: { stage, elements },
      outputElements: sizeOf(layer.outputShape),
    };
  });
}

/** The pool behind a convolution, where the kernels can do both at once. */
function poolToFuse(layer: CompiledConv2d, next: CompiledLayer | undefined): CompiledMaxPooling2d | undefined {
  if (next?.type !== 'maxPooling2d') return undefined;
  const halves =
    next.outputShape[0] === Math.floor(layer.outputShape[0]! / 2) &&
    next.outputShape[1] === Math.floor(layer.outputShape[1]! / 2);
  const twoByTwo = [...next.window, ...next.strides].every((n) => n === 2) && next.pad.every((n) => n === 0);
  return halves && twoByTwo && layer.config.filters % 4 === 0 ? next : undefined;
}
