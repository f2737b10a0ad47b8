import type { AugmentationConfig } from '../augment/pipeline.ts';
import type { Change } from '../health/health.ts';
import type { ActivationName } from '../model/activations.ts';
import type { OptimizerConfig } from '../model/optimizer.ts';
import type { InitializerConfig } from '../model/weight_options.ts';

/** A normalization by its type, with Keras' options. */
export type NormalizationChange =
  | {
      type: 'batchNormalization';
      /** Of the moving mean and variance, 0 to 1; 0.99 by default. */
      momentum?: number;
    }
  | { type: 'layerNormalization' }
  | {
      type: 'groupNormalization';
      /** Has to divide the channels; -1 makes every channel a group of its own. */
      groups: number;
    };

/**
 * A change of an experiment, as plain JSON. Its options in addition to those of `Change` name no layer, so a cure can be applied to many
 * networks. They can be combined, and are applied in the order in which they are listed here.
 */
export interface ExperimentChange extends Change {
  /**
   * Options of all layers but the output's; a layer without an activation, or without a kernel, gets none. `filtersTimes` makes
   * convolutions narrower or wider.
   */
  hidden?: {
    /** Replaces each activation that is not linear. */
    activation?: ActivationName;
    /** Of every kernel. */
    kernelInitializer?: InitializerConfig;
    /** The filters of convolutions are multiplied by it, and rounded to at least one. */
    filtersTimes?: number;
  };
  /** Between the kernel and the activation of every layer but the output's; in place of a normalization that is there. */
  normalization?: NormalizationChange;
  /** Adds each layer's input to its output, after the activation, where both have the same shape. */
  shortcuts?: true;
  /** Replaces the optimizer; options that are left out have the new one's defaults. */
  optimizer?: OptimizerConfig;
  /** The largest L2 norm of a tensor's gradient, above 0. At most one of `clipnorm`, `clipvalue` and `globalClipnorm` may be given. */
  clipnorm?: number;
  /** The largest magnitude of an element of a gradient, above 0. */
  clipvalue?: number;
  /** The number of steps in which the learning rate first rises linearly from 0 to its value. */
  warmupSteps?: number;
  /** Replaces the augmentation. */
  augmentation?: AugmentationConfig;
  /** Every image is shifted and scaled to mean 0 and standard deviation 1. */
  standardize?: true;
  /** The loss function's option of that name. */
  labelSmoothing?: number;
}
