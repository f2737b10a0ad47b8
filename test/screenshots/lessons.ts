import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'puppeteer';
import augmentation from '../../src/page/features/lessons/augmentation.json';
import batchNorm from '../../src/page/features/lessons/batch_norm.json';
import type { LessonName } from '../../src/page/features/lessons/lesson.ts';
import sigmoid from '../../src/page/features/lessons/sigmoid.json';
import { type Outcome, refuted, trainLessonStep } from '../page/lesson_claims.ts';
import { openPage } from '../page/visit.ts';

export const lessons: Record<LessonName, { steps: readonly { experiment?: string }[] }> = {
  sigmoid,
  'batch-norm': batchNorm,
  augmentation,
};

/** Outcomes by lesson and step. */
export type Results = Record<string, Record<number, Outcome>>;

/** The experiments of a lesson, each with its step, counted from 1. */
export const experimentsOf = (name: LessonName): { step: number; experiment: string }[] =>
  lessons[name].steps.flatMap(({ experiment }, i) => (experiment === undefined ? [] : [{ step: i + 1, experiment }]));

/**
 * Trains every experiment of every lesson on the page with the lesson's own settings, writes the results next to the lessons, and reports
 * which of their sentences the results contradict.
 */
export async function checkLessons(
  browser: Browser,
  url: string,
  root: string,
  names = Object.keys(lessons) as LessonName[],
): Promise<void> {
  const file = join(root, 'src/page/features/lessons/results.json');
  const results: Results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  let wrong = 0;
  for (const name of names) {
    results[name] = {};
    for (const { step, experiment } of experimentsOf(name)) {
      const page = await browser.newPage();
      await openPage(`${url}#lesson=${name}&lesson-step=${step}`, page, []);
      const outcome = await trainLessonStep(page, experiment, 900_000);
      results[name]![step] = outcome;
      await page.close();
      const sentences = refuted(name, step, outcome);
      wrong += sentences.length;
      console.log(`${name}, step ${step}: ${sentences.length ? `refutes "${sentences.join('", "')}"` : 'as it says'}`);
    }
  }
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  if (wrong) process.exitCode = 1;
}
