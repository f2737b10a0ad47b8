/** A lesson as the page shows it. read_lesson.ts makes it from JSON that may come from anyone. */
export interface Lesson {
  title: string;
  steps: readonly LessonStep[];
}

export interface LessonStep {
  title: string;
  /** Paragraphs. */
  text: readonly string[];
  /** The experiment to train, as the fragment of the page's URL. */
  experiment?: string;
  /** Asked before the experiment is trained. */
  question?: Question;
  /** The part of the page to look at after training. */
  lookAt?: LookAt;
  /** Verdicts are hidden until the user has guessed them. */
  quiz?: boolean;
}

export interface Question {
  text: string;
  choices: readonly string[];
  /** Index of the correct choice, from 0. */
  answer: number;
  /** Why the answer is correct. */
  explanation?: string;
}

export interface LookAt {
  text: string;
  /** The part of the page to show, whose name is on the button. */
  panel?: LessonPanel;
}

/** Parts of the page that a lesson can refer to, by their ids. */
export const lessonPanels = {
  network: 'the network',
  gradients: 'the gradient map',
  training: 'the curves',
  results: 'the results',
  twins: 'the comparison',
  try: 'the drawing field',
  model: 'the model',
  augmentation: 'the augmented samples',
} as const;
export type LessonPanel = keyof typeof lessonPanels;

/** An error in a lesson. */
export interface LessonFault {
  /** Location of the error: "step 2, question, answer". */
  place: string;
  found: string;
  expected: string;
  /** How the page handles the error. */
  instead: string;
}

/** The page's own lessons, by their names in the URL. */
export const lessonTitles = {
  sigmoid: { title: 'Why sigmoid networks die', line: 'Ten layers, and an error that never gets through' },
  'batch-norm': { title: 'What batch normalization does', line: 'The same ten layers, revived' },
  augmentation: { title: 'Does augmentation help?', line: 'When it does, and when it teaches a mistake' },
} as const;
export type LessonName = keyof typeof lessonTitles;
export const isLessonName = (name: string): name is LessonName => Object.hasOwn(lessonTitles, name);
