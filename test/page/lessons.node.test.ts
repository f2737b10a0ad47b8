import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { decode, encode } from '../../src/page/app/experiment_url.ts';
import augmentation from '../../src/page/features/lessons/augmentation.json';
import batchNorm from '../../src/page/features/lessons/batch_norm.json';
import type { LessonName } from '../../src/page/features/lessons/lesson.ts';
import { most, readLesson } from '../../src/page/features/lessons/read_lesson.ts';
import results from '../../src/page/features/lessons/results.json';
import sigmoid from '../../src/page/features/lessons/sigmoid.json';
import { experimentsOf, lessons, type Results } from '../screenshots/lessons.ts';
import { claims, readOutcome, refuted } from './lesson_claims.ts';
import {
  noRoutes,
  openPage,
  openStudio,
  patience,
  press,
  type Studio,
  text,
  until,
  untilFocused,
  upload,
} from './studio.ts';

describe('a lesson as data', () => {
  test.each(Object.entries({ sigmoid, batchNorm, augmentation }))('%s is valid and asks questions', (_, json) => {
    const { lesson, faults } = readLesson(json);
    expect(faults).toEqual([]);
    expect(lesson!.steps.length).toBeGreaterThanOrEqual(3);
    expect(lesson!.steps.filter(({ question }) => question).length).toBeGreaterThanOrEqual(2);
    for (const { experiment } of lesson!.steps) {
      if (experiment !== undefined) expect(encode(decode(experiment).experiment)).toBe(experiment);
    }
  });

  test.each(Object.keys(lessons) as LessonName[])(
    'the statements of %s about its experiments hold in the recorded runs',
    (name) => {
      const recorded = (results as unknown as Results)[name]!;
      // After a change of an experiment, run it again: npm run lessons.
      expect(Object.entries(recorded).map(([step, { experiment }]) => ({ step: Number(step), experiment }))).toEqual(
        experimentsOf(name),
      );
      for (const [step, outcome] of Object.entries(recorded)) expect(refuted(name, Number(step), outcome)).toEqual([]);
      expect(claims.filter(({ lesson }) => lesson === name).length).toBeGreaterThanOrEqual(experimentsOf(name).length);
    },
  );

  test('a run with another outcome contradicts them', () => {
    const { networks } = (results as unknown as Results).sigmoid![4]!;
    expect(refuted('sigmoid', 1, { experiment: '', networks })).toHaveLength(3);
    const { networks: twins } = (results as unknown as Results)['batch-norm']![1]!;
    expect(refuted('batch-norm', 1, { experiment: '', networks: [...twins].reverse() })).toHaveLength(3);
  });

  const step = { title: 'One', text: 'Read this.' };
  const placesOf = (json: unknown) => readLesson(json).faults.map(({ place }) => place);

  test.each([
    ['no object', 7, ['lesson']],
    ['a list', [], ['lesson']],
    ['no steps', { title: 'A' }, ['steps']],
    ['steps of another kind', { title: 'A', steps: 'none' }, ['steps', 'steps']],
  ])('%s: there is nothing to show', (_, json, places) => {
    expect(readLesson(json).lesson).toBeUndefined();
    expect(placesOf(json)).toEqual(places);
  });

  test('unknown or invalid parts are reported with their places, and the rest is used', () => {
    const json = {
      titel: 'A',
      title: 'Mine',
      steps: [
        { ...step, txt: 'more', experiment: '#dataset=digits&epochs=none&modell=five-relu' },
        { ...step, question: { text: 'Which?', choices: ['a', 'b'], answer: 2 } },
        { ...step, question: { text: 'Which?', choices: ['a'], answer: 0 } },
        { ...step, lookAt: { text: 'There.', panel: 'nowhere' }, quiz: 'yes' },
        'not a step',
        { text: ['One.', 2, ''] },
      ],
    };
    expect(placesOf(json)).toEqual([
      'lesson, titel',
      'step 1, txt',
      'step 1, experiment, modell',
      'step 1, experiment, epochs',
      'step 2, question, answer',
      'step 3, question, choices',
      'step 4, lookAt, panel',
      'step 4, quiz',
      'step 5',
      'step 6, title',
      'step 6, text, paragraph 2',
      'step 6, text, paragraph 3',
    ]);
    const { lesson, faults } = readLesson(json);
    expect(faults.find(({ place }) => place === 'lesson, titel')!.expected).toBe('title');
    expect(faults.find(({ place }) => place.endsWith('epochs'))).toMatchObject({
      found: 'none',
      instead: 'the default is used',
    });
    expect(lesson!.steps.map(({ title }) => title)).toEqual(['One', 'One', 'One', 'One', 'Step 6']);
    expect(lesson!.steps[1]!.question).toBeUndefined();
    expect(lesson!.steps[3]).toEqual({ title: 'One', text: ['Read this.'], lookAt: { text: 'There.' } });
  });

  test('texts and lists that are too long are cut, and prototypes are not modified', () => {
    const hostile = JSON.parse(
      `{"title":"${'x'.repeat(1000)}","__proto__":{"polluted":1},"steps":[${'{"title":"A","text":"B","constructor":1},'.repeat(50)}{}]}`,
    );
    const { lesson, faults } = readLesson(hostile);
    expect(lesson!.title).toHaveLength(most.title + 1);
    expect(lesson!.steps).toHaveLength(most.steps);
    expect(faults.map(({ place }) => place)).toContain('lesson, __proto__');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(lesson!.steps.every((each) => !('constructor' in Object.assign(Object.create(null), each)))).toBe(true);
  });
});

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio?.close());

test('a lesson is read, guessed, trained and viewed; going back shows the previous step; a quiz hides the verdicts', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const url = await studio.serve();
  await openPage(url, page, complaints);
  await press(page, '#lessons-button');
  await press(page, '#lesson-sigmoid');
  await until(page, '#lesson h3', 'Ten layers that should learn');
  expect(await page.$('.experiments')).toBeNull();
  // Shows the network of the question, without the sample run, which would give the answer away.
  expect(await page.$('.sample-mark')).toBeNull();
  await page.waitForFunction(() => document.querySelectorAll('#gradient-map tbody tr').length === 11);
  await press(page, '.lesson-question label:nth-of-type(3) input');
  await until(page, '.lesson-answer', 'Now train');
  await press(page, '#lesson-train');
  await until(page, '#status', 'Done in');
  await until(page, '.lesson-answer', '^Not quite\\. The first layer');
  expect(refuted('sigmoid', 1, await readOutcome(page, ''))).toEqual([]);
  expect(await text(page, '.lesson-question label.right')).toBe('The first one, next to the imagesright');
  expect(await text(page, '.lesson-question label.wrong')).toContain('your guess');
  await press(page, '#lesson-look');
  expect(await page.$('#network.pointed-out')).not.toBeNull();
  // In a narrow window the lesson is in another place; the guess and its answer are still there.
  await page.setViewport({ width: 700, height: 960 });
  await page.waitForSelector('main > #lesson .lesson-answer');
  await until(page, '.lesson-answer', '^Not quite');
  await page.setViewport({ width: 1280, height: 960 });
  await page.waitForSelector('.setup > #lesson .lesson-answer');
  await until(page, '.lesson-answer', '^Not quite');

  // By keyboard, to a step that trains nothing; a link restores it.
  await page.focus('#lesson-next');
  await page.keyboard.press('Enter');
  await until(page, '.lesson-place', 'Step 2 of 5');
  await untilFocused(page, ':not(body)', 'A factor per layer');
  await page.waitForFunction(() => /^#lesson=sigmoid&lesson-step=2&dataset=digits/.test(location.hash));
  await press(page, '.lesson-question label:nth-of-type(3) input');
  await until(page, '.lesson-answer', '^You were right');

  // A quiz about the current run.
  await press(page, '#start-quiz');
  expect(await page.$$('#gradient-map .badge')).toHaveLength(0);
  expect(await page.$('#run-verdict')).toBeNull();
  expect(await page.$$eval('.relative-scale .verdict-name', (all) => all.length)).toBe(0);
  await page.select('#gradient-map tr:nth-child(1) .guess', 'vanishing');
  await page.select('#gradient-map tr:nth-child(11) .guess', 'exploding');
  await until(page, '#quiz', '2 of 11 layers guessed');
  await press(page, '#check-guesses');
  await until(page, '#quiz', 'You were right on 1 of 2\\. 9 were not guessed');
  expect(await text(page, '#gradient-map tr:nth-child(11) .guessed')).toBe('✗Your guess was exploding');
  await press(page, '#end-quiz');
  await page.waitForFunction(() => !location.hash.includes('quiz'));

  await page.evaluate(() => history.back());
  await until(page, '#lesson h3', 'Ten layers|A factor');
  await press(page, '#close-lesson');
  await page.waitForSelector('.experiments');
  expect(await page.evaluate(() => document.querySelector('#lesson'))).toBeNull();
  expect(complaints).toEqual([]);
  await page.close();
});

test('a hostile lesson or link is shown as text; a custom lesson comes from a file, a link or this server', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  let isThere = false;
  const url = await studio.serve((request, response, next) => {
    if (!request.url?.startsWith('/mine.json')) return noRoutes(request, response, next);
    response.statusCode = isThere ? 200 : 404;
    response.end(JSON.stringify({ title: 'From this server', steps: [{ title: 'One', text: 'Two.' }] }));
  });
  const markup = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  const hostile = {
    title: markup,
    [markup]: markup,
    steps: [
      {
        title: markup,
        text: [markup, 'javascript:alert(1)'],
        experiment: `dataset=digits&model=${markup}&epochs=<b>`,
        question: { text: markup, choices: [markup, '<b>b</b>'], answer: 0, explanation: markup },
        lookAt: { text: markup, panel: markup },
      },
    ],
  };
  await openPage(
    `${url}#lesson=${encodeURIComponent(JSON.stringify(hostile))}&seed=${encodeURIComponent(markup)}`,
    page,
    complaints,
  );
  await page.waitForSelector('#lesson h3');
  await press(page, '#lesson-faults summary');
  const { title, scripts, inside } = await page.evaluate(() => ({
    title: document.title,
    scripts: document.querySelectorAll('body script').length,
    inside: document.querySelectorAll('#lesson img, #lesson b, #page-error img, #page-error b, #page-error script')
      .length,
  }));
  expect(title).toBe('wgrad: watch gradients vanish');
  expect([scripts, inside]).toEqual([0, 0]);
  expect(await text(page, '#lesson-title')).toContain('<img');
  expect(await text(page, '#lesson-faults')).toContain('step 1, experiment, model');
  expect(await text(page, '#page-error')).toContain('seed');

  // An unknown lesson, a file that is missing at first and then exists, and invalid JSON.
  const show = (lesson: string) =>
    page.evaluate(
      (hash) => {
        location.hash = hash;
      },
      `lesson=${encodeURIComponent(lesson)}`,
    );
  await show('sigmoids');
  await until(page, '#lesson [role=alert]', 'no such lesson.*did you mean sigmoid\\?');
  await show('https://example.org/lesson.json');
  await until(page, '#lesson [role=alert]', 'no such lesson');
  await show('mine.json');
  await until(page, '#lesson [role=alert]', "can't be loaded.*404");
  isThere = true;
  await press(page, '#retry-lesson');
  await until(page, '#lesson-title', '^From this server$');
  await show('{"title":');
  await until(page, '#lesson [role=alert]', 'not valid JSON');

  // A file: afterwards the URL contains its lesson, so it can be sent to a class.
  await press(page, '#close-lesson');
  await press(page, '#lessons-button');
  const file = join(mkdtempSync(join(inject('folder'), 'lesson-')), 'mine.json');
  writeFileSync(file, JSON.stringify({ title: 'From a file', steps: [{ title: 'One', text: 'Two.' }] }, null, 2));
  await upload(page, '#open-lesson', file);
  await until(page, '#lesson-title', '^From a file$');
  await page.reload();
  await until(page, '#lesson-title', '^From a file$');
  expect(complaints.filter((text) => !text.includes('404'))).toEqual([]);
  await page.close();
});

test('embedded in a page of another server: the requested parts train, save nothing, and do not change its history', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  const url = await studio.serve();
  const slides = await studio.serve((request, response, next) => {
    if (request.url !== '/slides.html') return noRoutes(request, response, next);
    response.setHeader('content-type', 'text/html');
    response.end(
      `<!doctype html><h1>Slides</h1><iframe src="${url}?embed=map,run,maps#dataset=digits&amp;augment=none&amp;model=deep-sigmoid&amp;epochs=1" width="800" height="700"></iframe>`,
    );
  });
  page.setDefaultTimeout(patience);
  await page.goto(`${slides}slides.html`);
  const frame = await page.waitForFrame((it) => it.url().startsWith(url));
  await frame.locator('#start').click();
  await frame.waitForFunction(() => document.querySelector('#status')?.textContent?.startsWith('Done in'));
  expect(await frame.$$eval('#gradient-map .badge', (all) => all[0]!.textContent)).toBe('vanishing');
  expect(await frame.$('.setup, header, .experiments, #network, #last-run')).toBeNull();
  expect(await frame.$eval('#unknown-part', (it) => it.textContent)).toBe(
    'No part is called maps: there are run, network, map. Shown: run, map.',
  );
  expect(await frame.$eval('#whole-page', (it) => (it as HTMLAnchorElement).href)).toBe(
    `${url}#dataset=digits&augment=none&model=deep-sigmoid&epochs=1`,
  );
  expect(await frame.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  expect(await page.evaluate(() => history.length)).toBeLessThanOrEqual(2);
  expect(complaints).toEqual([]);
  await page.close();
});
