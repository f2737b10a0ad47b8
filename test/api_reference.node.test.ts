import { expect, test } from 'vitest';
import { root, runIn, shellEnvironment } from './package/packed.ts';

test('the API reference has every export, every option and every type of a signature: npm run docs', async () => {
  const typedoc = ['node_modules/typedoc/bin/typedoc', '--emit', 'none'];
  const { code, text } = await runIn(root, shellEnvironment(), process.execPath, ...typedoc);
  expect({ code, text: text.split('\n').filter((line) => /error|warning|defined in/.test(line)) }).toEqual({
    code: 0,
    text: [],
  });
});
