import { expect, test } from 'vitest';
import { descendants, isAlive } from './processes.ts';
import { start } from './wgrad.ts';

test('wgrad dev serves the page and the data sets until Ctrl-C, and leaves nothing behind', async () => {
  const serving = start('dev', '--no-open', '--port', '0');
  const said = await serving.says('Ctrl-C ends it.');
  const url = /^page +(\S+)$/m.exec(said)?.[1] as string;
  const page = await (await fetch(url)).text();
  expect(page).toContain('<title>wgrad</title>');
  const facts = await (await fetch(new URL('datasets/digits', url))).json();
  expect(facts).toMatchObject({ imageShape: [8, 8, 1], train: { count: 1500 } });
  const started = process.platform === 'linux' ? descendants(serving.child.pid as number) : [];
  serving.child.kill('SIGINT');
  expect((await serving.ended).code).toBe(0);
  expect(started.filter(isAlive)).toEqual([]);
});
