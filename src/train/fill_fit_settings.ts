import { fillCallbacks } from './callbacks/index.ts';
import { type FilledFitSettings, type FitSettings, fillOtherSettings } from './fit_settings.ts';
import { requireClassWeight } from './sample_weights.ts';

/** @throws ConfigurationError for a value out of range or an unknown option of a callback. */
export const fillFitSettings = ({ classWeight, ...settings }: FitSettings): FilledFitSettings => ({
  ...fillOtherSettings(settings),
  callbacks: fillCallbacks(settings),
  ...(classWeight !== undefined && { classWeight: requireClassWeight(classWeight) }),
});
