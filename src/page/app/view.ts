import { ConfigurationError } from '../../errors.ts';

/** State of the page that is part of its URL but does not affect training. */
export interface View {
  /** The open lesson: its name, a file on this server, or the lesson itself as JSON. */
  lesson?: string | undefined;
  /** The lesson's current step, from 1. */
  step?: number | undefined;
  /** Verdicts are hidden until the user has guessed them. */
  quiz?: boolean | undefined;
}

/** Names of the URL parameters. */
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

/** The URL's fragment. @param experiment as `encode` writes it. */
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
