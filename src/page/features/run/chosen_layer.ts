import { signal } from '@preact/signals';
import { layers as planned } from '../../app/state.ts';
import { twinsOf } from './run.ts';
import { shownRun } from './shown_run.ts';

/** The layer that the user has chosen, as long as the shown run has a layer of that name. */
export const wantedLayer = signal<string | undefined>();

/** Layers with weights of the shown run and its twin, or if there is none, of the current model. */
export function mapLayers(): string[] {
  const { summary } = planned.value;
  const shown = shownRun.value;
  if (shown) return [...new Set(twinsOf(shown).flatMap((twin) => twin.run.trained))];
  return summary?.flatMap(({ name, measured }) => (measured ? [name] : [])) ?? [];
}

/** The selected layer: the one that the user chose, or else the first with a bad verdict in either twin, or else the first. */
export function chosenLayer(): string | undefined {
  const layers = mapLayers();
  if (wantedLayer.value && layers.includes(wantedLayer.value)) return wantedLayer.value;
  const shown = shownRun.value;
  shown?.events.value;
  const isWell = (layer: string) =>
    !shown || twinsOf(shown).every((twin) => (twin.run.verdictOf(layer)?.verdict ?? 'healthy') === 'healthy');
  return layers.find((layer) => !isWell(layer)) ?? layers[0];
}
