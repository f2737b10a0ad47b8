import { batch, computed, effect, signal } from '@preact/signals';
import { type ErrorParts, nearest } from '../../../errors.ts';
import { decode } from '../../app/experiment_url.ts';
import { datasetIsChosen, experiment as present, view } from '../../app/state.ts';
import { startExperiment } from '../run/start_experiment.ts';
import { run } from '../run/state.ts';
import { isLessonName, type Lesson, type LessonFault, type LessonName, lessonTitles } from './lesson.ts';
import { readLesson } from './read_lesson.ts';

/** The open lesson, and the reader's answers. */

interface Opened {
  /** As it is in the URL. */
  source: string;
  lesson?: Lesson;
  faults: readonly LessonFault[];
  error?: ErrorParts;
}

/** Undefined while it is being read. */
export const opened = signal<Opened | undefined>();

/** The index of the choice made in each step, by the step's index. */
export const answers = signal<ReadonlyMap<number, number>>(new Map());
/** Steps whose answer the reader has revealed without training. */
export const shownAnswers = signal<ReadonlySet<number>>(new Set());
/** Steps whose experiment has been trained to the end. */
export const trained = signal<ReadonlySet<number>>(new Set());

/** Index of the current step, from 0. */
export const stepAt = computed(() => {
  const last = (opened.value?.lesson?.steps.length ?? 1) - 1;
  return Math.min((view.value.step ?? 1) - 1, last);
});

const inPage: Record<LessonName, () => Promise<{ default: unknown }>> = {
  sigmoid: () => import('./sigmoid.json'),
  'batch-norm': () => import('./batch_norm.json'),
  augmentation: () => import('./augmentation.json'),
};

/** Maximum number of characters of a lesson, also if it is part of a link. */
const mostCharacters = 100_000;

/** Reads the lesson that the URL names, whenever that changes. @returns a function that stops doing so. */
export function followLesson(): () => void {
  const source = computed(() => view.value.lesson);
  return effect(() => {
    const wanted = source.value;
    // The panel moves if the width of the page changes: that does not begin the lesson again.
    if (wanted !== undefined && wanted !== opened.peek()?.source) open(wanted);
  });
}

/** Reads a lesson, or retries after an error. */
export async function open(source: string): Promise<void> {
  batch(() => {
    opened.value = undefined;
    answers.value = new Map();
    shownAnswers.value = new Set();
    trained.value = new Set();
  });
  const found = await read(source);
  if (view.peek().lesson !== source) return;
  opened.value = found;
  // If the link contains no experiment, the step's experiment is set up.
  if (!datasetIsChosen.peek()) setUp(stepAt.peek());
}

async function read(source: string): Promise<Opened> {
  try {
    const { lesson, faults } = readLesson(await jsonOf(source));
    if (lesson) return { source, lesson, faults };
    const error = { what: 'This lesson has no step that can be shown', fix: 'ask its author for another link' };
    return { source, faults, error };
  } catch (error) {
    return { source, faults: [], error: error as ErrorParts };
  }
}

/** @throws ErrorParts */
async function jsonOf(source: string): Promise<unknown> {
  if (isLessonName(source)) return (await inPage[source]()).default;
  if (source.trimStart().startsWith('{')) return parsed(source, "This link's lesson is not valid JSON");
  if (/^[\w./-]+\.json$/.test(source)) return parsed(await fetched(source), `${source} is not valid JSON`);
  const names = Object.keys(lessonTitles);
  const near = nearest(source, names);
  throw {
    what: 'This page has no such lesson',
    found: source.slice(0, 120),
    expected: `${names.join(', ')}, a .json file of this server, or the lesson itself as JSON`,
    ...(near && { fix: `did you mean ${near}?` }),
  } satisfies ErrorParts;
}

/** Reads a file of this server: the page's content security policy allows no other. */
async function fetched(path: string): Promise<string> {
  const what = `The lesson ${path} can't be loaded`;
  const url = new URL(path, location.href);
  if (url.origin !== location.origin) {
    throw { what, found: url.origin, expected: 'a file of this server', fix: 'download it and open it as a file' };
  }
  let found: string;
  try {
    const answer = await fetch(url);
    if (answer.ok) return await answer.text();
    found = `${answer.status} ${answer.statusText}`.trim();
  } catch (error) {
    found = String(error);
  }
  throw { what, found, fix: 'check the link, or try again' } satisfies ErrorParts;
}

function parsed(text: string, what: string): unknown {
  if (text.length > mostCharacters) {
    const found = `${text.length.toLocaleString('en')} characters`;
    throw { what: 'This lesson is too long', found, expected: `at most ${mostCharacters.toLocaleString('en')}` };
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw { what, found: (error as Error).message.slice(0, 200), fix: 'ask its author for another link' };
  }
}

/** Shows a step, from 0. */
export function goTo(step: number): void {
  batch(() => {
    view.value = { ...view.peek(), step: step + 1, quiz: opened.peek()?.lesson?.steps[step]?.quiz ?? false };
    setUp(step);
  });
}

/** Sets up the experiment of a step without training it, so that the reader can inspect it before answering. Not during a run. */
function setUp(step: number): void {
  const { experiment } = opened.peek()?.lesson?.steps[step] ?? {};
  if (experiment === undefined || run.peek()?.isUnderWay.peek()) return;
  present.value = decode(experiment).experiment;
  datasetIsChosen.value = true;
}

export function close(): void {
  view.value = {};
  opened.value = undefined;
}

export function answer(step: number, choice: number): void {
  answers.value = new Map([...answers.peek(), [step, choice]]);
}

export function showAnswer(step: number): void {
  shownAnswers.value = new Set([...shownAnswers.peek(), step]);
}

/** Trains the experiment of a step. */
export async function trainStep(step: number): Promise<void> {
  const { lesson } = opened.peek() ?? {};
  const { experiment } = lesson?.steps[step] ?? {};
  if (experiment === undefined) return;
  await startExperiment(experiment);
  const shown = run.peek();
  const isTrained = shown && !shown.hasFailed && !shown.isUnderWay.peek() && shown.stepsDone > 0;
  if (isTrained && opened.peek()?.lesson === lesson) trained.value = new Set([...trained.peek(), step]);
}

/** The number of correct answers and of questions. */
export const score = computed(() => {
  const questions = [...(opened.value?.lesson?.steps.entries() ?? [])].flatMap(([i, { question }]) =>
    question ? [answers.value.get(i) === question.answer] : [],
  );
  return { right: questions.filter(Boolean).length, all: questions.length };
});
