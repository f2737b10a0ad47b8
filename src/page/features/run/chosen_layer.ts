import { signal } from '@preact/signals';
import { layers as planned } from '../../app/state.ts';
import { twinsOf } from './run.ts';
import { shownRun } from './shown_run.ts';

/** The layer that was chosen to be looked at, until another run has none of that name. */
export const wantedLayer = signal<string | undefined>();

/** Layers with weights, of the run that is shown and of its twin, else of the one that would be trained. */
export function mapLayers(): string[] {
  const { summary } = planned.value;
  const shown = shownRun.value;
  if (shown) return [...new Set(twinsOf(shown).flatMap((twin) => twin.run.trained))];
  return summary?.flatMap(({ name, measured }) => (measured ? [name] : [])) ?? [];
}

/** The layer to look at: the one that was chosen, else the first that is not well, in either twin, else the first. */
export function chosenLayer(): string | undefined {
  const layers = mapLayers();
  if (wantedLayer.value && layers.includes(wantedLayer.value)) return wantedLayer.value;
  const shown = shownRun.value;
  shown?.events.value;
  const isWell = (layer: string) =>
    !shown || twinsOf(shown).every((twin) => (twin.run.verdictOf(layer)?.verdict ?? 'healthy') === 'healthy');
  return layers.find((layer) => !isWell(layer)) ?? layers[0];
}
