import type { Kernel } from '../../gpu/kernel.ts';
import * as kernels from '../../kernels/losses.ts';
import type { RecordShape } from '../../kernels/record.ts';
import type { FilledLoss, FilledLossOf, LossType } from '../../model/losses/index.ts';

/** What a dispatch of a loss is for. */
export interface LossSize {
  batch: number;
  outputs: number;
  /** Of weight_penalty; 0 without a regularizer. */
  penalties: number;
  record: RecordShape;
  /** Of losses of classes: targets are shares of them, not labels. Other losses always have targets. */
  soft: boolean;
  /** Samples have weights. */
  weighted: boolean;
}

/** A kernel with its shape, for `dispatch`. */
export interface LossLaunch {
  // biome-ignore lint/suspicious/noExplicitAny: each kernel takes its own shape
  kernel: Kernel<any>;
  shape: object;
}

type Launch<O> = (loss: O, size: LossSize) => LossLaunch;

/** Without options and weights it is the kernel that does without both. */
const crossEntropy: Launch<{ labelSmoothing: number }> = ({ labelSmoothing }, { outputs, ...size }) =>
  size.weighted || labelSmoothing > 0
    ? { kernel: kernels.categoricalCrossentropy, shape: { ...size, outputs, labelSmoothing } }
    : {
        kernel: kernels.softmaxCrossEntropy,
        shape: {
          batch: size.batch,
          classes: outputs,
          penalties: size.penalties,
          record: size.record,
          soft: size.soft,
        },
      };

const launches: { [T in LossType]: Launch<FilledLossOf<T>> } = {
  sparseCategoricalCrossentropy: crossEntropy,
  categoricalCrossentropy: crossEntropy,
  categoricalFocalCrossentropy: ({ alpha, gamma, labelSmoothing }, size) => ({
    kernel: kernels.categoricalFocalCrossentropy,
    shape: { ...size, alpha, gamma, labelSmoothing },
  }),
  binaryCrossentropy: ({ labelSmoothing }, size) => ({
    kernel: kernels.binaryCrossentropy,
    shape: { ...size, labelSmoothing },
  }),
  meanSquaredError: (_, size) => ({ kernel: kernels.meanSquaredError, shape: size }),
  meanAbsoluteError: (_, size) => ({ kernel: kernels.meanAbsoluteError, shape: size }),
  huber: ({ delta }, size) => ({ kernel: kernels.huber, shape: { ...size, delta } }),
};

/** The kernel of a loss. */
export const lossLaunch = (loss: FilledLoss, size: LossSize): LossLaunch =>
  (launches[loss.type] as Launch<FilledLoss>)(loss, size);
