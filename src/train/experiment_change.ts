import type { AugmentationConfig } from '../augment/pipeline.ts';
import type { Change } from '../health/health.ts';
import type { ActivationName } from '../model/activations.ts';
import type { OptimizerConfig } from '../model/optimizer.ts';
import type { InitializerConfig } from '../model/weight_options.ts';

/** A normalization by its type, with Keras' options. */
export type NormalizationChange =
  | {
      type: 'batchNormalization';
      /** Momentum of the moving mean and variance, 0 to 1; 0.99 by default. */
      momentum?: number;
    }
  | { type: 'layerNormalization' }
  | {
      type: 'groupNormalization';
      /** Must divide the number of channels; -1 makes every channel a separate group. */
      groups: number;
    };

/**
 * A change to an experiment, as plain JSON. Apart from the options of `Change`, it names no layer, so a cure can be applied to
 * many networks. Options can be combined; they are applied in the order in which they are listed here.
 */
export interface ExperimentChange extends Change {
  /** Options for all layers but the output layer; layers without an activation, or without a kernel, are skipped. */
  hidden?: {
    /** Replaces each activation that is not linear. */
    activation?: ActivationName;
    /** Initializer of all kernels. */
    kernelInitializer?: InitializerConfig;
    /** Factor for the number of filters of convolutions, rounded to at least one. */
    filtersTimes?: number;
  };
  /** Inserted between the kernel and the activation of every layer but the output layer; replaces an existing normalization. */
  normalization?: NormalizationChange;
  /** Adds each layer's input to its output, after the activation, if both have the same shape. */
  shortcuts?: true;
  /** Replaces the optimizer; omitted options have the new one's defaults. */
  optimizer?: OptimizerConfig;
  /** Maximum L2 norm of a tensor's gradient, > 0. At most one of `clipnorm`, `clipvalue` and `globalClipnorm` may be given. */
  clipnorm?: number;
  /** Maximum magnitude of an element of a gradient, > 0. */
  clipvalue?: number;
  /** Number of steps over which the learning rate first rises linearly from 0 to its value. */
  warmupSteps?: number;
  /** Replaces the augmentation. */
  augmentation?: AugmentationConfig;
  /** Shifts and scales every image to mean 0 and standard deviation 1. */
  standardize?: true;
  /** The option `labelSmoothing` of the loss. */
  labelSmoothing?: number;
}
