import { computed, effect, signal } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { training } from '../../app/worker_client.ts';
import { followRun } from '../run/follow_run.ts';
import { sampleToFollow } from '../run/questions.ts';
import type { PartOfRun } from '../run/questions_worker.ts';
import { run } from '../run/state.ts';
import type { FollowedLayer, FollowedSample, ShownUnit } from './worker.ts';

/** Follows one sample through the network of the shown run, forward and back. */

/** A stage on its way: the image, each layer, the loss, each layer in reverse order, the image's gradient, the update. */
export type Stage =
  | { kind: 'image' | 'loss' | 'imageGradient' | 'update' }
  | { kind: 'forward' | 'backward'; layer: FollowedLayer };

/** The sample, with the number of steps that the network had been trained for. */
export const followed = signal<(FollowedSample & { step: number }) | undefined>();
export const isFollowing = signal(false);
export const refused = signal<ErrorParts | undefined>();

/** Index of the selected stage. */
export const place = signal(0);

export const stages = computed<Stage[]>(() => {
  const layers = followed.value?.layers ?? [];
  return [
    { kind: 'image' },
    ...layers.map((layer) => ({ kind: 'forward' as const, layer })),
    { kind: 'loss' },
    ...[...layers].reverse().map((layer) => ({ kind: 'backward' as const, layer })),
    { kind: 'imageGradient' },
    { kind: 'update' },
  ];
});

/** The selected element of each layer's output, by the layer's name. */
const chosenUnits = signal<Record<string, number>>({});
export const shownUnit = signal<{ layer: string; unit: number; made: ShownUnit | undefined } | undefined>();

export const goTo = (to: number) => {
  place.value = Math.max(0, Math.min(stages.peek().length - 1, to));
};

/** Follows an image with the current weights, and stays at the same stage if possible. */
export async function follow(part: PartOfRun, sample: number): Promise<void> {
  const shown = run.peek();
  if (!shown || isFollowing.peek()) return;
  isFollowing.value = true;
  refused.value = undefined;
  try {
    const found = await training.followedSample(part, sample);
    if (run.peek() !== shown) return;
    followed.value = found && { ...found, step: shown.log.steps.length };
    goTo(place.peek());
  } catch (error) {
    refused.value = error as ErrorParts;
  } finally {
    isFollowing.value = false;
  }
}

/** The selected element of a layer: the one that the user chose, or else the largest. */
export function unitOf({ layer, values }: FollowedLayer): number {
  const chosen = chosenUnits.value[layer];
  if (chosen !== undefined && chosen < values.length) return chosen;
  let largest = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[largest]!) largest = i;
  return largest;
}

export const chooseUnit = (layer: string, unit: number) => {
  chosenUnits.value = { ...chosenUnits.peek(), [layer]: unit };
};

async function look(of: FollowedSample, layer: FollowedLayer, unit: number): Promise<void> {
  const made = layer.made && (await training.unitOfSample(layer.layer, unit).catch(() => undefined));
  if (followed.peek() === of) shownUnit.value = { layer: layer.layer, unit, made };
}

/** A new run has no sample yet. */
export function installSample(): void {
  followRun(
    () => {
      followed.value = undefined;
      refused.value = undefined;
      chosenUnits.value = {};
      place.value = 0;
    },
    () => undefined,
  );
  effect(() => {
    const sample = followed.value;
    const stage = stages.value[place.value];
    if (!sample || !stage || !('layer' in stage)) return;
    look(sample, stage.layer, unitOf(stage.layer));
  });
  // Another panel requests that an image be followed.
  effect(() => {
    const wanted = sampleToFollow.value;
    if (!wanted) return;
    sampleToFollow.value = undefined;
    place.value = 0;
    follow(wanted.part, wanted.sample);
  });
}
