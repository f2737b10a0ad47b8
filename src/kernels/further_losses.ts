import categoricalLossSource from '../../shaders/categorical_loss.wgsl?raw';
import peak from '../../shaders/lib/peak.wgsl?raw';
import binaryCrossentropySource from '../../shaders/losses/binary_crossentropy.wgsl?raw';
import categoricalCrossentropySource from '../../shaders/losses/categorical_crossentropy.wgsl?raw';
import categoricalFocalCrossentropySource from '../../shaders/losses/categorical_focal_crossentropy.wgsl?raw';
import huberSource from '../../shaders/losses/huber.wgsl?raw';
import meanAbsoluteErrorSource from '../../shaders/losses/mean_absolute_error.wgsl?raw';
import meanSquaredErrorSource from '../../shaders/losses/mean_squared_error.wgsl?raw';
import outputLossSource from '../../shaders/output_loss.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { type LossBase, lossBuffers, lossFrame, penaltyConstants } from './losses.ts';
import { recordConstants } from './record.ts';

/** The shape of a loss with options. */
export interface OptionedLossShape extends LossBase {
  outputs: number;
  /** True if samples have weights. */
  weighted: boolean;
}

export interface CategoricalLossShape extends OptionedLossShape {
  /** True if targets are class probabilities rather than integer labels. */
  soft: boolean;
  labelSmoothing: number;
  alpha?: number;
  gamma?: number;
}

interface LossRule<S> {
  name: string;
  /** WGSL text of the formula, inserted into the frame. */
  source: string;
  constants?: (shape: S) => Record<string, number>;
  /** Floating-point operations per output. */
  flops: number;
}

const weightBuffers = ({ batch, weighted }: OptionedLossShape) => ({ ...(weighted && { weights: batch }) });

/** A loss of softmax probabilities; the frame is shaders/categorical_loss.wgsl. */
const categoricalLoss = (rule: LossRule<CategoricalLossShape>): Kernel<CategoricalLossShape> => ({
  name: rule.name,
  source: categoricalLossSource + rule.source + peak + lossFrame,
  flags: ({ soft, weighted, penalties = 0 }) => ({ soft, weighted, regularized: penalties > 0 }),
  constants: (s) => ({
    batch: s.batch,
    outputs: s.outputs,
    label_smoothing: s.labelSmoothing,
    ...recordConstants(s.record),
    ...penaltyConstants(s),
    ...rule.constants?.(s),
  }),
  buffers: (s) => ({ ...lossBuffers(s, s.outputs, !s.soft), ...weightBuffers(s) }),
  workgroups: () => [1],
  cost: (s) => ({ flops: rule.flops * s.batch * s.outputs, bytes: 12 * s.batch * s.outputs }),
});

export const categoricalCrossentropy = categoricalLoss({
  name: 'categorical_crossentropy',
  source: categoricalCrossentropySource,
  flops: 14,
});

export const categoricalFocalCrossentropy = categoricalLoss({
  name: 'categorical_focal_crossentropy',
  source: categoricalFocalCrossentropySource,
  constants: ({ alpha = 1, gamma = 0 }) => ({ alpha, gamma }),
  flops: 24,
});

export interface OutputLossShape extends OptionedLossShape {
  labelSmoothing?: number;
  delta?: number;
}

/** A loss of independent outputs; the frame is shaders/output_loss.wgsl. */
const outputLoss = (rule: LossRule<OutputLossShape> & { counted: boolean }): Kernel<OutputLossShape> => ({
  name: rule.name,
  source: outputLossSource + rule.source + lossFrame,
  flags: ({ weighted, penalties = 0 }) => ({ weighted, regularized: penalties > 0, counted: rule.counted }),
  constants: (s) => ({
    batch: s.batch,
    outputs: s.outputs,
    ...recordConstants(s.record),
    ...penaltyConstants(s),
    ...rule.constants?.(s),
  }),
  buffers: (s) => ({ ...lossBuffers(s, s.outputs, false), ...weightBuffers(s) }),
  workgroups: () => [1],
  cost: (s) => ({ flops: rule.flops * s.batch * s.outputs, bytes: 16 * s.batch * s.outputs }),
});

export const binaryCrossentropy = outputLoss({
  name: 'binary_crossentropy',
  source: binaryCrossentropySource,
  constants: ({ labelSmoothing = 0 }) => ({ label_smoothing: labelSmoothing }),
  counted: true,
  flops: 18,
});

export const meanSquaredError = outputLoss({
  name: 'mean_squared_error',
  source: meanSquaredErrorSource,
  counted: false,
  flops: 8,
});

export const meanAbsoluteError = outputLoss({
  name: 'mean_absolute_error',
  source: meanAbsoluteErrorSource,
  counted: false,
  flops: 8,
});

export const huber = outputLoss({
  name: 'huber',
  source: huberSource,
  constants: ({ delta = 1 }) => ({ delta }),
  counted: false,
  flops: 12,
});
