import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ComparisonFile } from '../../src/index.ts';
import { runHere, temporaryFolder } from '../cli/wgrad.ts';
import {
  downloaded,
  downloadInto,
  openPage,
  openStudio,
  point,
  press,
  readFigure,
  type Studio,
  text,
  until,
  untilFocused,
} from './studio.ts';

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio?.close());

test('twins: one difference, both in every plot, the comparison and its description; a stop keeps the plots', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(
    `${await studio.serve()}#dataset=digits&model=five-relu&augment=none&epochs=6&train-samples=640`,
    page,
    complaints,
  );
  // Options that need colors are disabled for B if A's images are grey, with the reason.
  await page.waitForSelector('#twin-b option:disabled');
  expect(await page.$$eval('#twin-b option', (all) => all.filter((it) => it.disabled).map((it) => it.label))).toEqual(
    ['RandAugment', 'TrivialAugmentWide', 'AutoAugment for CIFAR-10', 'AugMix'].map(
      (name) => `${name}, not for these images`,
    ),
  );
  await page.select('#vary', 'learning-rate');
  expect(await text(page, 'label[for=twin-b]')).toContain('A uses 0.001');
  await page.$eval('#twin-b', (it) => (it as HTMLInputElement).select());
  await page.type('#twin-b', 'none');
  expect(await page.$('#train-twins:disabled')).not.toBeNull();
  await page.$eval('#twin-b', (it) => (it as HTMLInputElement).select());
  await page.type('#twin-b', '0.00001');
  await page.select('#pairs', '2');
  await press(page, '#train-twins');
  // Pause, step and resume apply to both.
  await until(page, '#place', 'step \\d+ of 20');
  await press(page, '#start');
  await until(page, '#status', 'Paused after \\d+ steps? of both');
  const steps = async () => Number(/\d+/.exec(await text(page, '#status'))?.[0]);
  const held = await steps();
  await press(page, '#step');
  await until(page, '#status', `Paused after ${held + 1} steps of both`);
  for (const twin of ['A', 'B']) expect(await text(page, '#loss-now')).toMatch(new RegExp(`${twin} \\d`));
  expect(await text(page, '#bytes-now')).toMatch(/MiB$/);
  await press(page, '#start');
  await until(page, '#status', 'pair 2 of 2|Compared: 2 pairs');
  await until(page, '#status', 'Compared: 2 pairs');

  const legend = async (plot: string): Promise<Record<string, number>> => {
    const entries = await page.$$eval(`${plot} .legend button`, (buttons) =>
      buttons.map((button) => {
        const value = button.querySelector('.value')?.textContent ?? '';
        return [button.textContent!.replace(value, ''), value] as const;
      }),
    );
    return Object.fromEntries(entries.map(([name, value]) => [name, readFigure(value)]));
  };
  const loss = await legend('#loss');
  expect(Object.keys(loss)).toEqual(
    ['A', 'B'].flatMap((it) => ['each step', 'smoothed', 'validation'].map((n) => `${it} ${n}`)),
  );
  expect(loss['A smoothed']).toBeLessThan(loss['B smoothed']! - 0.2);
  expect(loss['A validation']).toBeLessThan(loss['B validation']! - 0.2);
  const accuracy = await legend('#accuracy');
  expect(accuracy['A validation']).toBeGreaterThan(accuracy['B validation']!);
  const norms = await legend('#norms');
  expect(Object.keys(norms).length).toBe(12);
  for (const norm of Object.values(norms)) expect(norm).toBeGreaterThan(0);

  const paragraph = await text(page, '#twins-outcome .paragraph');
  expect(paragraph).toMatch(/^2 pairs of twins, one per seed, 6 epochs each: A with learning rate 0\.001, B with \S+;/);
  const rows = await page.$$eval('#twins-outcome tbody tr', (trs) =>
    trs.map((tr) => [...tr.children].map((cell) => cell.textContent ?? '')),
  );
  const [, a, b, difference] = rows.find(([name]) => name === 'validation loss')!;
  expect(readFigure(a!) - readFigure(b!)).toBeCloseTo(readFigure(difference!), 1.7);
  expect(readFigure(difference!)).toBeLessThan(-0.2);

  // Both appear in every plot: a row each on the map, a line each for the selected layer, figures of each epoch.
  expect(await text(page, '#gradients .twins-key')).toMatch(
    /A learning rate 0\.001.*B learning rate 0\.00001.*same\. Pair 2 of 2 is shown\./,
  );
  const cells = (table: string) =>
    page.$$eval(`${table} tbody tr`, (trs) => trs.map((tr) => [...tr.children].map((cell) => cell.textContent ?? '')));
  const map = await cells('#gradient-map');
  expect(map.length).toBe(12);
  expect(map.map((row) => row.at(-4))).toEqual(Array.from({ length: 6 }, () => ['A', 'B']).flat());
  for (const row of map) expect(readFigure(row.at(-2)!)).toBeGreaterThan(0);
  expect(await text(page, '#gradient-map .badge')).toBe('healthy');
  for (const plot of ['#layer-norm', '#layer-updateRatio']) {
    const lines = await legend(plot);
    expect(Object.keys(lines)).toEqual(['A each step', 'A smoothed', 'B each step', 'B smoothed']);
    for (const value of Object.values(lines)) expect(value).toBeGreaterThan(0);
  }
  // The sentence about each twin agrees with its plots, for the step that the user points at.
  const expectAgreement = async (at: RegExp) => {
    const said = await page.$$eval('#layer-detail > .facts', (all) => all.map((it) => it.textContent ?? ''));
    const plotted = await legend('#layer-updateRatio');
    expect(said).toHaveLength(2);
    for (const [i, twin] of ['A', 'B'].entries()) {
      const [, step, moved] = /At step (\d+),.*weights by ([\d.]+(?: × 10\S+)?(?: %)?)/.exec(said[i]!)!;
      expect(step).toMatch(at);
      expect(Math.abs(readFigure(moved!) / plotted[`${twin} each step`]! - 1)).toBeLessThan(0.06);
    }
  };
  await expectAgreement(/^120$/);
  await point(page, '#gradient-map .strip', 3);
  await until(page, '#layer-updateRatio .at', '^step \\d$');
  await expectAgreement(/^\d$/);
  await page.mouse.move(0, 0);
  await until(page, '#layer-updateRatio .at', '^step 120$');
  const ratios = await legend('#layer-updateRatio');
  expect(ratios['A smoothed']).toBeGreaterThan(10 * ratios['B smoothed']!);
  const epochs = await cells('#epochs');
  expect(epochs.map(([name]) => name)).toEqual(
    [1, 2, 3, 4, 5, 6].flatMap((epoch) => ['A', 'B', 'A − B, A / B'].map((of) => `${epoch} ${of}`)),
  );
  const [ofA, ofB, both] = epochs.slice(-3) as [string[], string[], string[]];
  expect(readFigure(both[3]!)).toBeCloseTo(readFigure(ofA[3]!) - readFigure(ofB[3]!), 1.7);
  expect(both[4]).toMatch(/^−?\d+\.\d points$/);
  expect((readFigure(both[5]!) * readFigure(ofB[5]!)) / readFigure(ofA[5]!)).toBeCloseTo(1, 1.5);

  // The file that the page exports is the command's: the command loads it, trains the missing pair, and gets the same results.
  const folder = temporaryFolder();
  await downloadInto(page, folder);
  await press(page, '#save-report');
  await press(page, '#save-pairs');
  const report = readFileSync(await downloaded(folder, '.html'), 'utf8');
  const pairs: ComparisonFile = JSON.parse(readFileSync(await downloaded(folder, '.json'), 'utf8'));
  expect(pairs.paragraph).toBe(paragraph);
  expect(pairs.command).toMatch(/^npx wgrad compare --vary learning-rate --a 0\.001 --b 0\.00001 --dataset digits /);
  const [begun, again] = [join(folder, 'begun'), join(folder, 'again')];
  writeFileSync(begun, JSON.stringify({ ...pairs, pairs: pairs.pairs.slice(1) }));
  const words = pairs.command.split(' ').slice(2);
  const command = await runHere(...words, '--adapter', 'software', '--resume', begun, '--report', again);
  expect({ code: command.code, stderr: command.stderr.replace(/Building.*\n/, '') }).toEqual({ code: 0, stderr: '' });
  expect(command.stdout).toContain('1 of 2 pairs done');
  expect((JSON.parse(readFileSync(begun, 'utf8')) as ComparisonFile).pairs).toEqual(pairs.pairs);
  const told = (html: string) => html.split('<h2>To repeat it')[0];
  expect(told(report)).toBe(told(readFileSync(again, 'utf8')));

  // Long enough to be stopped.
  await page.evaluate(() => {
    location.hash = location.hash.replace('epochs=6', 'epochs=500');
  });
  await until(page, '#twins', 'What differs');
  await page.select('#vary', 'augmentation');
  await page.select('#pairs', '1');
  await press(page, '#train-twins');
  await until(page, '#place', 'epoch [1-9]\\d* of 500');
  await press(page, '#stop');
  await until(page, '#status', 'Stopped after \\d+ steps');
  expect(await page.$('#twins-outcome')).toBeNull();
  expect((await legend('#loss'))['B each step']).toBeGreaterThan(0);
  // Their networks have been released, so nothing offers to query them.
  for (const panel of ['#results', '#try']) expect(await text(page, panel)).toContain('Results need a single run');
  expect(await page.$('#save:disabled')).not.toBeNull();
  for (const part of ['#evaluate', '#pad', '#ask', '#largest-gradients']) expect(await page.$(part)).toBeNull();
  // An ordinary run is a single run again.
  await press(page, '#start');
  await until(page, '#place', 'epoch \\d+ of 500');
  await page.waitForFunction(() => document.querySelectorAll('#loss .legend button').length === 3);
  await press(page, '#stop');
  await until(page, '#status', 'Stopped after');
  expect(complaints).toEqual([]);
  await page.close();
}, 300_000);

test('one click tries a remedy as twin B, which is part of the link; a link with an invalid twin is reported', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  // One of the gallery's experiments would suggest the next of them.
  const experiment = '#dataset=digits&augment=none&model=deep-sigmoid&epochs=4';
  const url = await studio.serve();
  await openPage(url + experiment, page, complaints);
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  await until(page, '#run-verdict', 'What usually helps: relu');
  expect(await page.$('#remedy-as-twin')).not.toBeNull();
  // The same is one click away beside the buttons of the run.
  await until(page, '.run-notes', '^Plateau: the loss stays at chance level\\.Try a cure as twin B');
  await page.focus('#cure');
  await page.keyboard.press('Enter');
  await untilFocused(page, '#start');
  await until(page, '#status', 'Compared');
  expect(await page.$$eval('.drawing h3', (all) => all.map((it) => it.textContent))).toEqual([
    'A: model deep-sigmoid',
    'B: changed model',
  ]);
  const first = await page.$$eval('#gradient-map tbody tr', (rows) =>
    rows.slice(0, 2).map((row) => row.querySelector('.badge')?.textContent),
  );
  expect(first).toEqual(['vanishing', 'healthy']);
  expect(await text(page, '#twin')).toMatch(/^Twin B has a changed model\./);
  const b = decodeURIComponent(new URL(page.url()).hash).match(/twin=model:(\{.*\})/)![1]!;
  expect(JSON.parse(b.replaceAll('+', ' ')).layers[1]).toMatchObject({
    activation: 'relu',
    kernelInitializer: 'heNormal',
  });
  expect(await page.$eval('#twin-b', (it) => (it as HTMLSelectElement).selectedOptions[0]!.label)).toBe(
    'a changed model',
  );

  // A link with JSON that is no model: one is refused at once, the other when it is to be trained. Neither becomes markup.
  await page.goto('about:blank');
  await openPage(`${url}${experiment}&twin=model:{"layers":[]}`, page, complaints);
  await until(page, '#page-error', 'model');
  expect(await text(page, '#start')).toBe('Train');
  const layer = { type: '<img src="x" onerror="document.title = 1">' };
  await page.goto('about:blank');
  await openPage(
    `${url}${experiment}&twin=model:${encodeURIComponent(JSON.stringify({ layers: [layer] }))}`,
    page,
    complaints,
  );
  await press(page, '#start');
  await until(page, '#page-error', '<img src="x"');
  expect(await page.$('#page-error img')).toBeNull();
  expect(await page.title()).not.toBe('1');
  expect(complaints).toEqual([]);
  await page.close();
});

test('before twins are replaced, the user is asked only if training them again would take long', async () => {
  const page = await studio.browser.newPage();
  const asked: string[] = [];
  page.on('dialog', (dialog) => asked.push(dialog.message()));
  const hash = '#dataset=digits&model=five-relu&augment=none&epochs=1&train-samples=320&twin=learning-rate:0.01';
  await openPage(`${await studio.serve()}${hash}`, page, []);
  const train = async () => {
    const begun = page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const status = document.querySelector('#status')!;
          new MutationObserver((_, observer) => {
            if (status.textContent?.startsWith('Compared')) return;
            observer.disconnect();
            resolve();
          }).observe(status, { childList: true, subtree: true, characterData: true });
        }),
    );
    await press(page, '#start');
    await begun;
    await until(page, '#status', '^Compared');
  };
  await train();
  // During the next run, the page's clock runs fast.
  await page.evaluate(() => {
    const begin = performance.now();
    const now = performance.now.bind(performance);
    performance.now = () => begin + 1000 * (now() - begin);
  });
  await train();
  expect(asked).toEqual([]);
  await train();
  expect(asked).toEqual(['The figures of these twins are not saved, and will be lost. Continue?']);
  await page.close();
});
