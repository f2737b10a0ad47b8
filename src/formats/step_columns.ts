import type { StepRecord } from '../health/history.ts';
import { metricIn } from '../health/metric.ts';

/**
 * A figure of a step under its name, which is the same in every file that wgrad writes: `loss`, `dense.gradientNorm`,
 * `dense.kernel.updateRatio`, `dense.activation.zeros`, `dense.nonFinite.gradients` ... `layer` is undefined for figures of the
 * whole network; `name` does not include the layer's name.
 */
export interface Column {
  layer?: string;
  name: string;
  value: number;
}

/** The columns of a step: first the figures of the run, then the health of the network, then that of each layer. */
export function columnsOf(step: StepRecord): Column[] {
  const { loss, samples, skipped, learningRate, gradientNorms, health } = step;
  const metric = metricIn(step);
  const whole: Column[] = [
    { name: 'loss', value: loss },
    { name: metric, value: step[metric]! },
    { name: 'samples', value: samples },
    { name: 'skipped', value: Number(skipped) },
    ...(learningRate === undefined ? [] : [{ name: 'learningRate', value: learningRate }]),
  ];
  if (!health) {
    const norms = Object.entries(gradientNorms);
    return [...whole, ...norms.map(([layer, value]) => ({ layer, name: 'gradientNorm', value }))];
  }
  const layers = Object.entries(health.layers).flatMap(([layer, { tensors, ...own }]) => [
    ...figuresOf(layer, own),
    ...figuresOf(layer, tensors),
  ]);
  return [...whole, { name: 'transport', value: health.transport }, ...layers];
}

function figuresOf(layer: string, figures: object, path = ''): Column[] {
  return Object.entries(figures).flatMap(([key, value]): Column[] => {
    if (typeof value === 'number') return [{ layer, name: path + key, value }];
    return typeof value === 'object' && value !== null ? figuresOf(layer, value, `${path}${key}.`) : [];
  });
}
