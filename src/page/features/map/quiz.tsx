import { counted } from '../../../figures.ts';
import type { VerdictName } from '../../../index.ts';
import { endQuiz, guess, guessOf, hidesVerdicts, isQuiz, reveal, scoreOf, startQuiz } from '../run/quiz.ts';
import { shownRun } from '../run/shown_run.ts';
import { shownStep } from '../run/shown_step.ts';
import { verdictNames } from './verdict_badge.tsx';

/** Replaces a verdict: a choice for the user's guess. */
export function Guess({ layer, twin }: { layer: string; twin: string }) {
  const guessed = guessOf(layer, twin);
  return (
    <select
      class="guess"
      aria-label={`Your guess of the verdict of ${[layer, twin].filter(Boolean).join(' of twin ')}`}
      value={guessed ?? ''}
      onChange={({ currentTarget }) =>
        guess(layer, twin, (currentTarget.value || undefined) as VerdictName | undefined)
      }
    >
      <option value="">Guess…</option>
      {verdictNames.map((verdict) => (
        <option key={verdict} value={verdict}>
          {verdict}
        </option>
      ))}
    </select>
  );
}

/** Shown next to a revealed verdict: whether the guess was correct. */
export function Guessed({ layer, twin, verdict }: { layer: string; twin: string; verdict: VerdictName }) {
  const guessed = guessOf(layer, twin);
  if (!isQuiz.value || !guessed) return null;
  const isRight = guessed === verdict;
  return (
    <span
      class={`guessed ${isRight ? 'right' : 'wrong'}`}
      title={isRight ? 'You were right' : `Your guess: ${guessed}`}
    >
      {isRight ? '✓' : '✗'}
      <span class="unseen">{isRight ? 'You were right' : `Your guess was ${guessed}`}</span>
    </span>
  );
}

/** The number of layers guessed so far, and finally the number of correct guesses. */
export function QuizBar() {
  const run = shownRun.value;
  run?.events.value;
  if (!isQuiz.value) return null;
  const step = run && shownStep(run);
  const { layers, guessed, right } =
    run && step !== undefined ? scoreOf(run, step) : { layers: 0, guessed: 0, right: 0 };
  return (
    <div id="quiz" class="quiz">
      <p role="status">
        {layers === 0 && 'Quiz: train, then guess the verdict of each layer by its colors.'}
        {layers > 0 && hidesVerdicts.value && (
          <>
            <strong>Quiz:</strong> which verdict does each layer deserve? {guessed} of {counted(layers, 'layer')}{' '}
            guessed.
          </>
        )}
        {layers > 0 && !hidesVerdicts.value && (
          <>
            <strong>
              You were right on {right} of {guessed}.
            </strong>{' '}
            {guessed < layers && `${layers - guessed} were not guessed. `}
            {guessed > 0 && right === guessed && 'You can read the map.'}
          </>
        )}
      </p>
      {layers > 0 && hidesVerdicts.value && (
        <button id="check-guesses" type="button" class={guessed ? 'primary' : ''} onClick={reveal}>
          {guessed ? 'Check my guesses' : 'Show the verdicts'}
        </button>
      )}
      {layers > 0 && !hidesVerdicts.value && (
        <button id="quiz-again" type="button" onClick={startQuiz}>
          Guess again
        </button>
      )}
      <button id="end-quiz" type="button" onClick={endQuiz}>
        End quiz
      </button>
    </div>
  );
}

/** Starts the quiz, unless it is already running. */
export const QuizButton = () =>
  isQuiz.value ? null : (
    <button
      id="start-quiz"
      type="button"
      class="quiet"
      title="Hide the verdicts until you have guessed them"
      onClick={startQuiz}
    >
      Quiz
    </button>
  );
