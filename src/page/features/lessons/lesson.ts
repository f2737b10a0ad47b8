/** A lesson as the page shows it: read_lesson.ts makes it from JSON that anybody may have written. */
export interface Lesson {
  title: string;
  steps: readonly LessonStep[];
}

export interface LessonStep {
  title: string;
  /** Paragraphs. */
  text: readonly string[];
  /** What is trained, as the part of the page's URL after the #. */
  experiment?: string;
  /** Asked before the experiment is trained. */
  question?: Question;
  /** What to look at once it is. */
  lookAt?: LookAt;
  /** Verdicts are hidden until they have been guessed. */
  quiz?: boolean;
}

export interface Question {
  text: string;
  choices: readonly string[];
  /** The place of the right one among the choices, from 0. */
  answer: number;
  /** Why it is right. */
  explanation?: string;
}

export interface LookAt {
  text: string;
  /** The part of the page that is shown, and its name on the button. */
  panel?: LessonPanel;
}

/** Parts of the page that a lesson can point to, by their ids. */
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

/** A part of a lesson that is not as it should be. */
export interface LessonFault {
  /** "step 2, question, answer". */
  place: string;
  found: string;
  expected: string;
  /** What the page does then. */
  instead: string;
}

/** The lessons of this page, by their names in its URL. */
export const lessonTitles = {
  sigmoid: { title: 'Why sigmoid networks die', line: 'Ten layers, and an error that never gets through' },
  'batch-norm': { title: 'What batch normalization does', line: 'The same ten layers, revived' },
  augmentation: { title: 'Does augmentation help?', line: 'When it does, and when it teaches a mistake' },
} as const;
export type LessonName = keyof typeof lessonTitles;
export const isLessonName = (name: string): name is LessonName => Object.hasOwn(lessonTitles, name);
