import { computed, effect, signal } from '@preact/signals';
import type { VerdictName } from '../../../index.ts';
import { view } from '../../app/state.ts';
import { type Run, twinsOf } from './run.ts';
import { shownRun } from './shown_run.ts';

/** Hides verdicts until the user has guessed them: for teaching, and for users who want to test their understanding. */

/** The guess for each layer, by `keyOf`. */
export const guesses = signal<ReadonlyMap<string, VerdictName>>(new Map());

const isRevealed = signal(false);

export const isQuiz = computed(() => view.value.quiz === true);

/** Whether all verdicts are currently hidden. */
export const hidesVerdicts = computed(() => isQuiz.value && !isRevealed.value);

/** @param twin A or B, or empty. */
const keyOf = (layer: string, twin: string) => `${twin} ${layer}`;

export const guessOf = (layer: string, twin: string): VerdictName | undefined => guesses.value.get(keyOf(layer, twin));

export function guess(layer: string, twin: string, verdict: VerdictName | undefined): void {
  const next = new Map(guesses.peek());
  if (verdict) next.set(keyOf(layer, twin), verdict);
  else next.delete(keyOf(layer, twin));
  guesses.value = next;
}

export function reveal(): void {
  isRevealed.value = true;
}

export function startQuiz(): void {
  guesses.value = new Map();
  isRevealed.value = false;
  view.value = { ...view.peek(), quiz: true };
}

export function endQuiz(): void {
  view.value = { ...view.peek(), quiz: false };
}

/** The number of layers with a verdict in a step, and the number of guesses and of correct guesses. */
export function scoreOf(run: Run, step: number): { layers: number; guessed: number; right: number } {
  const score = { layers: 0, guessed: 0, right: 0 };
  for (const { name, run: twin } of twinsOf(run)) {
    for (const layer of twin.trained) {
      const verdict = twin.verdictOf(layer, step)?.verdict;
      if (!verdict) continue;
      const guessed = guessOf(layer, name);
      score.layers++;
      if (guessed) score.guessed++;
      if (guessed === verdict) score.right++;
    }
  }
  return score;
}

/** A new run starts a new quiz. */
export function installQuiz(): void {
  effect(() => {
    void shownRun.value;
    guesses.value = new Map();
    isRevealed.value = false;
  });
}
