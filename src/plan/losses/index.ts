import type { Kernel } from '../../gpu/kernel.ts';
import { softmaxCrossEntropy } from '../../kernels/losses.ts';
import type { RecordShape } from '../../kernels/record.ts';
import { type FilledLoss, isCrossEntropy } from '../../model/loss.ts';
import { furtherTraining } from '../loaded_training.ts';

/** The sizes of a loss' dispatch. */
export interface LossSize {
  batch: number;
  outputs: number;
  /** Number of penalties that weight_penalty writes; 0 without a regularizer. */
  penalties: number;
  record: RecordShape;
  /** For classification losses: true if targets are soft labels rather than class indices. Other losses always have targets. */
  soft: boolean;
  /** True if samples have weights. */
  weighted: boolean;
}

/** A kernel with its shape, for `dispatch`. */
export interface LossLaunch {
  // biome-ignore lint/suspicious/noExplicitAny: each kernel takes its own shape
  kernel: Kernel<any>;
  shape: object;
}

export type Launch<O> = (loss: O, size: LossSize) => LossLaunch;

/** The kernel of a loss. All but the cross-entropy without options are in further_training.ts. */
export function lossLaunch(loss: FilledLoss, size: LossSize): LossLaunch {
  const { batch, outputs: classes, penalties, record, soft, weighted } = size;
  return isCrossEntropy(loss) && !weighted
    ? { kernel: softmaxCrossEntropy, shape: { batch, classes, penalties, record, soft } }
    : (furtherTraining().furtherLosses[loss.type] as Launch<FilledLoss>)(loss, size);
}
