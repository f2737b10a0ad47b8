import type { HealthRecord } from './health.ts';
import type { JudgedLayer } from './verdicts.ts';

/**
 * Inputs are expected to have a magnitude of about 1, for which the usual weight scales are designed. Images from 0 to 1 have an
 * RMS of 0.2 to 0.7, standardized ones of 1, bytes of 50 to 180, and images that were divided by 255 twice of 0.001 to 0.003.
 */
const healthyRms = { least: 0.01, most: 10 };

type Input = NonNullable<HealthRecord['input']>;

const rmsOf = ({ mean, standardDeviation }: Input) => Math.hypot(mean, standardDeviation);

/** Whether the input of the first layer has the expected magnitude. If a normalization comes first, any magnitude is fine. */
export function isHealthyInput(layers: readonly JudgedLayer[], input: Input): boolean {
  if (layers[0]?.normalizes) return true;
  const rms = rmsOf(input);
  return !(rms > healthyRms.most || rms < healthyRms.least);
}

/** Factor for the inputs; a common one if possible. */
export function rescaleFor(input: Input): number {
  const rms = rmsOf(input);
  if (rms > healthyRms.most) return rms <= 255 ? 1 / 255 : 1 / rms;
  return rms * 255 <= 1 && rms > 0 ? 255 : 1 / (rms || 1);
}

/** For example "rescale by 1/255". */
export const inputWords = (factor: number): string =>
  `rescale by ${factor < 1 ? `1/${Number((1 / factor).toPrecision(3))}` : Number(factor.toPrecision(3))}`;
