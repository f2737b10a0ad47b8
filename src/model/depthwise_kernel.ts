import type { WeightSpec } from './layer.ts';
import { weightSpec } from './layer.ts';
import type { InitializerConfig, RegularizerConfig } from './weight_options.ts';

/** The kernel of a depthwise convolution: [kernelHeight, kernelWidth, channels, depthMultiplier]. */
export function depthwiseKernel(
  config: Parameters<typeof weightSpec>[2] & {
    depthMultiplier: number;
    depthwiseInitializer: InitializerConfig;
    depthwiseRegularizer?: RegularizerConfig | undefined;
  },
  window: readonly [number, number],
  channels: number,
): WeightSpec {
  const { depthMultiplier } = config;
  const pixels = window[0] * window[1];
  // As in Keras' compute_fans, the last two axes count as inputs and outputs.
  return weightSpec(
    'depthwiseKernel',
    [...window, channels, depthMultiplier],
    config,
    {
      initializer: config.depthwiseInitializer,
      regularizer: config.depthwiseRegularizer,
      option: 'depthwiseInitializer',
    },
    { fanIn: pixels * channels, fanOut: pixels * depthMultiplier },
  );
}
