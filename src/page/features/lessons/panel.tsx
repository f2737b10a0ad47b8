import { useEffect, useRef } from 'preact/hooks';
import { counted } from '../../../figures.ts';
import { view } from '../../app/state.ts';
import { Facts } from '../../ui/error_facts.tsx';
import { isReady, run } from '../run/state.ts';
import { isLessonName, type Lesson, type LessonFault, type LessonStep, lessonPanels, lessonTitles } from './lesson.ts';
import {
  answer,
  answers,
  close,
  followLesson,
  goTo,
  open,
  opened,
  score,
  showAnswer,
  shownAnswers,
  stepAt,
  trained,
  trainStep,
} from './model.ts';
import './style.css';

/** The open lesson, step by step: text, a question, an experiment to train and something to look at. */
export function LessonPanel() {
  useEffect(followLesson, []);
  const { lesson, faults, error, source } = opened.value ?? {};
  return (
    <section id="lesson" class="panel lesson" aria-labelledby="lesson-title">
      <div class="panel-head">
        <h2 id="lesson-title">{lesson?.title ?? (error ? 'Lesson' : titleOf(view.value.lesson))}</h2>
        <button id="close-lesson" type="button" class="quiet" onClick={closeAndLeave}>
          Close
        </button>
      </div>
      {error && (
        <div class="error-facts" role="alert">
          <p>{error.what}.</p>
          <Facts {...error} />
          {source !== undefined && !isLessonName(source) && source.endsWith('.json') && (
            <button id="retry-lesson" type="button" onClick={() => open(source)}>
              Try again
            </button>
          )}
        </div>
      )}
      {faults && faults.length > 0 && <Faults faults={faults} />}
      {lesson && <Step key={stepAt.value} lesson={lesson} at={stepAt.value} />}
    </section>
  );
}

const titleOf = (name = '') => (isLessonName(name) ? lessonTitles[name].title : 'Lesson');

/** The panel disappears and would take the focus with it. */
function closeAndLeave(): void {
  document.getElementById('lessons-button')?.focus();
  close();
}

/** Lists the errors of a lesson, for its author: the parts that the page has left out or cut. */
function Faults({ faults }: { faults: readonly LessonFault[] }) {
  return (
    <details id="lesson-faults" class="lesson-faults">
      <summary>{counted(faults.length, 'part')} of this lesson can't be used as written</summary>
      <ul>
        {faults.map(({ place, found, expected, instead }) => (
          <li key={place}>
            <strong>{place}:</strong> found {found}; expected {expected}. {instead.charAt(0).toUpperCase()}
            {instead.slice(1)}.
          </li>
        ))}
      </ul>
    </details>
  );
}

function Step({ lesson, at }: { lesson: Lesson; at: number }) {
  const step = lesson.steps[at]!;
  const count = lesson.steps.length;
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirstSeen = useRef(at === 0);
  // Keyboard and screen reader users start at the top of the next step.
  useEffect(() => {
    if (!isFirstSeen.current) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <p class="lesson-place">
        Step {at + 1} of {count}
      </p>
      <progress value={at + 1} max={count} aria-hidden="true" />
      <h3 ref={heading} tabIndex={-1}>
        {step.title}
      </h3>
      {step.text.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
      {step.question && <Question step={step} at={at} />}
      {step.experiment !== undefined && <Experiment at={at} isAgain={trained.value.has(at)} />}
      {step.lookAt && (step.experiment === undefined || trained.value.has(at)) && <Look {...step.lookAt} />}
      <div class="lesson-ways">
        <button id="lesson-back" type="button" disabled={at === 0} onClick={() => goTo(at - 1)}>
          Back
        </button>
        {at + 1 < count ? (
          <button id="lesson-next" type="button" class={isDone(step, at) ? 'primary' : ''} onClick={() => goTo(at + 1)}>
            Next step
          </button>
        ) : (
          <End />
        )}
      </div>
    </>
  );
}

/** Whether the step has been completed. */
const isDone = ({ experiment }: LessonStep, at: number) => experiment === undefined || trained.value.has(at);

function Experiment({ at, isAgain }: { at: number; isAgain: boolean }) {
  const isUnderWay = run.value?.isUnderWay.value ?? false;
  return (
    <button
      id="lesson-train"
      type="button"
      class={isAgain ? '' : 'primary'}
      disabled={isUnderWay || !(isReady.value || run.value)}
      onClick={() => trainStep(at)}
    >
      {isUnderWay ? 'Training…' : isAgain ? 'Train again' : 'Train this experiment'}
    </button>
  );
}

/** The reader answers, then trains, and then sees the correct answer. */
function Question({ step: { question, experiment }, at }: { step: LessonStep; at: number }) {
  if (!question) return null;
  const chosen = answers.value.get(at);
  const isShown = shownAnswers.value.has(at) || (chosen !== undefined && (!experiment || trained.value.has(at)));
  const isRight = chosen === question.answer;
  return (
    <fieldset class="lesson-question" disabled={isShown}>
      <legend>{question.text}</legend>
      {question.choices.map((choice, i) => (
        <label key={choice} class={isShown && i === question.answer ? 'right' : isShown && i === chosen ? 'wrong' : ''}>
          <input type="radio" name={`question-${at}`} checked={chosen === i} onChange={() => answer(at, i)} />
          <span>{choice}</span>
          {isShown && i === question.answer && <strong>right</strong>}
          {isShown && i === chosen && !isRight && <strong>your guess</strong>}
        </label>
      ))}
      <div class="lesson-answer" role="status">
        {isShown ? (
          <p>
            {chosen !== undefined && <strong>{isRight ? 'You were right. ' : 'Not quite. '}</strong>}
            {question.explanation}
          </p>
        ) : (
          <p class="facts">
            {chosen === undefined ? 'Guess first.' : 'Now train, and see.'}{' '}
            <button type="button" class="quiet" onClick={() => showAnswer(at)}>
              Show the answer
            </button>
          </p>
        )}
      </div>
    </fieldset>
  );
}

function Look({ text, panel }: NonNullable<LessonStep['lookAt']>) {
  return (
    <div class="lesson-look">
      <h4>What to look at</h4>
      <p>{text}</p>
      {panel && (
        <button id="lesson-look" type="button" class="quiet" onClick={() => show(panel)}>
          Show me {lessonPanels[panel]}
        </button>
      )}
    </div>
  );
}

/** Scrolls to a panel and highlights it briefly. */
function show(id: string): void {
  const panel = document.getElementById(id);
  if (!panel) return;
  panel.scrollIntoView({ block: 'nearest' });
  panel.classList.remove('pointed-out');
  void panel.offsetWidth; // forces a reflow, which restarts the animation
  panel.classList.add('pointed-out');
}

function End() {
  const { right, all } = score.value;
  return (
    <>
      {all > 0 && (
        <span id="lesson-score" class="facts">
          {right} of {counted(all, 'question')} right
        </span>
      )}
      <button id="lesson-end" type="button" class="primary" onClick={closeAndLeave}>
        Finish
      </button>
    </>
  );
}
