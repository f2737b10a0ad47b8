import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeWhole, writeWholeSomewhere } from '../../src/cli/whole_file.ts';
import { WgradError } from '../../src/errors.ts';
import { temporaryFolder } from './wgrad.ts';

/** Fails after a partial write, as on a full disk. */
function half(write: (text: string) => void): void {
  write('half of ');
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
}

test('a full disk in the middle of a write leaves the file unchanged and no other file', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'run.json');
  expect(() => writeWhole(path, half)).toThrow(/Writing to .*run\.json failed[\s\S]*ENOSPC[\s\S]*free disk space/);
  expect(readdirSync(folder)).toEqual([]);
  writeWhole(path, 'before');
  expect(() => writeWhole(path, half)).toThrow(WgradError);
  expect(readFileSync(path, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['run.json']);
});

test('a link remains a link, and a device remains a device', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'far'));
  writeFileSync(join(folder, 'far', 'run.json'), 'before');
  symlinkSync(join('far', 'run.json'), join(folder, 'link.json'));
  writeWhole(join(folder, 'link.json'), new TextEncoder().encode('after'));
  expect(readFileSync(join(folder, 'far', 'run.json'), 'utf8')).toBe('after');
  expect(readdirSync(folder).sort()).toEqual(['far', 'link.json']);
  if (process.platform === 'win32') return;
  writeWhole('/dev/null', 'gone');
  expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
});

test('a file that cannot be written is written elsewhere, and the error says where', () => {
  const path = join(temporaryFolder(), 'gone', 'run.json');
  const error = (() => {
    try {
      writeWholeSomewhere(path, 'computed');
    } catch (error) {
      return error as WgradError;
    }
    throw new Error('it was written');
  })();
  expect(error.message).toMatch(/Writing to .* failed[\s\S]*ENOENT/);
  expect(readFileSync(/written to (\S+) instead/.exec(error.message)![1]!, 'utf8')).toBe('computed');
});
