import { ConfigurationError } from '../../errors.ts';

/** What the page shows beside the experiment; a part of its URL, and of nothing that is trained. */
export interface View {
  /** A lesson that is open: the name of one, a file of this server, or the lesson itself as JSON. */
  lesson?: string | undefined;
  /** Which step of it, from 1. */
  step?: number | undefined;
  /** Verdicts are hidden until they have been guessed. */
  quiz?: boolean | undefined;
}

/** As they are called in a URL. */
export const viewNames: readonly string[] = ['lesson', 'lesson-step', 'quiz'];

export function readView(hash: string): { view: View; refused: ConfigurationError[] } {
  const search = new URLSearchParams(hash.replace(/^#/, ''));
  const [lesson, step, quiz] = viewNames.map((name) => search.get(name) ?? undefined);
  const refused: ConfigurationError[] = [];
  const isStep = step === undefined || /^[1-9]\d?$/.test(step);
  if (!isStep) refused.push(refusal('lesson-step', step, 'a number from 1', 'the lesson begins at its first step'));
  const isQuiz = quiz === undefined || ['', 'on', 'off'].includes(quiz);
  if (!isQuiz) refused.push(refusal('quiz', quiz, 'on or off', 'verdicts are shown'));
  const view = {
    ...(lesson && { lesson }),
    ...(lesson && isStep && step && { step: Number(step) }),
    ...(isQuiz && quiz !== undefined && quiz !== 'off' && { quiz: true }),
  };
  return { view, refused };
}

/** The part of a URL after the #. @param experiment as `encode` writes it. */
export function writeView({ lesson, step, quiz }: View, experiment: string): string {
  const search = new URLSearchParams();
  if (lesson) search.set('lesson', lesson);
  if (lesson && step && step > 1) search.set('lesson-step', String(step));
  if (quiz) search.set('quiz', 'on');
  return [search.toString(), experiment].filter(Boolean).join('&');
}

function refusal(name: string, found: string, expected: string, instead: string): ConfigurationError {
  return new ConfigurationError({
    what: `This page's URL has an invalid ${name}: ${instead}`,
    found,
    expected,
    place: [name],
  });
}
