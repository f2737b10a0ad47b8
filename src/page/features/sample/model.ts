import { computed, effect, signal } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { training } from '../../app/worker_client.ts';
import { followRun } from '../run/follow_run.ts';
import { sampleToFollow } from '../run/questions.ts';
import type { PartOfRun } from '../run/questions_worker.ts';
import { run } from '../run/state.ts';
import type { FollowedLayer, FollowedSample, ShownUnit } from './worker.ts';

/** One sample that is followed through the network of the run that is shown, and back. */

/** A stage of its way: the image, each layer, the loss, each layer again from the last to the first, the image, the update. */
export type Stage =
  | { kind: 'image' | 'loss' | 'imageGradient' | 'update' }
  | { kind: 'forward' | 'backward'; layer: FollowedLayer };

/** The sample, with the number of steps that the network had been trained for. */
export const followed = signal<(FollowedSample & { step: number }) | undefined>();
export const isFollowing = signal(false);
export const refused = signal<ErrorParts | undefined>();

/** The stage that is looked at. */
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

/** The element of the layer's output that is looked into, by the name of the layer. */
export const chosenUnits = signal<Record<string, number>>({});
export const shownUnit = signal<{ layer: string; unit: number; made: ShownUnit | undefined } | undefined>();

export const goTo = (to: number) => {
  place.value = Math.max(0, Math.min(stages.peek().length - 1, to));
};

/** Follows an image at the weights of now, and stays at the stage where that is possible. */
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

/** The element of a layer that is looked into: the one that was chosen, else the largest. */
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

/** Another run has nothing followed yet. */
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
  // Another panel has an image to be followed.
  effect(() => {
    const wanted = sampleToFollow.value;
    if (!wanted) return;
    sampleToFollow.value = undefined;
    place.value = 0;
    follow(wanted.part, wanted.sample);
  });
}
