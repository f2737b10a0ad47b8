import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { call, runHere, temporaryFolder } from './wgrad.ts';

/** Width and height of a PNG file, from its header. */
function sizeOf(path: string): [number, number] {
  const bytes = readFileSync(path);
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

test('a sheet with one part per argument, and every image separately', async () => {
  const folder = temporaryFolder();
  const [out, save] = [join(folder, 'sheet.png'), join(folder, 'singles')];
  const augment = JSON.stringify({ rotationRange: 20, horizontalFlip: true, rescale: 1 / 255 });
  const args = ['--dataset', 'digits', '--augment', augment, '--images', '3', '--draws', '4', '--each'];
  const { code, stdout, stderr } = await runHere(
    'sheet',
    ...args,
    '--out',
    out,
    '--save',
    save,
    '--adapter',
    'software',
  );
  expect(stderr).not.toContain('error');
  expect(code).toBe(0);
  expect(stdout).toContain(out);
  // Digits of 8 x 8 are magnified eight times; there are two parts of three rows, with titles of 22 pixels.
  expect(sizeOf(out)).toEqual([4 + 5 * 68, 2 * (22 + 4 + 3 * 68)]);
  const names = readdirSync(save).sort();
  expect(names).toHaveLength(2 * 3 * 5);
  expect(names).toContain('rotationRange_image0_original.png');
  expect(names).toContain('horizontalFlip_image2_draw4.png');
  expect(sizeOf(join(save, names[0]!))).toEqual([64, 64]);
});

test.each([
  [['--images', '0'], '--images'],
  [['--augment', '[{"type":"randomInvrt"}]'], 'did you mean "randomInvert"?'],
  [['--augment', 'handwritng'], 'did you mean "handwriting"?'],
  [['--out', '/no/such/folder/sheet.png'], '--out'],
  [['--save', import.meta.filename], 'it is a file'],
])('invalid usage: %j', async (args, words) => {
  const { code, stderr } = await call('sheet', '--dataset', 'digits', ...args);
  expect(code).toBe(2);
  expect(stderr).toContain(words);
});
