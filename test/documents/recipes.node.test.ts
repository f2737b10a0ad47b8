import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { addWorkerCommand } from '../../src/cli/queue/worker.ts';
import { addSweepCommands } from '../../src/cli/sweep/commands.ts';

const folder = join(import.meta.dirname, '../../recipes');
const recipes = readdirSync(folder);
const { devDependencies } = JSON.parse(readFileSync(join(folder, '../package.json'), 'utf8'));

describe.each(recipes)('recipes/%s', (name) => {
  const text = readFileSync(join(folder, name), 'utf8');

  test('uses options that exist', () => {
    const wgrad = new Command();
    addSweepCommands(wgrad);
    addWorkerCommand(wgrad);
    // Words of a shell, or of a list in JSON, up to the end of the command.
    const commands = [...text.replaceAll(/["'],?\s*["']?|\\\n/g, ' ').matchAll(/wgrad (worker|sweep) ([^\n\]]*)/g)];
    expect(commands.length).toBeGreaterThan(0);
    for (const [whole, command, words] of commands) {
      const known = wgrad.commands.find((each) => each.name() === command)!.options.map(({ long }) => long);
      for (const [flag] of words!.matchAll(/--[a-z-]+/g))
        expect([whole, known]).toEqual([whole, expect.arrayContaining([flag])]);
      expect(words).toContain('--queue');
    }
  });

  test('installs the tested version of BullMQ, and contains no password', () => {
    for (const [, version] of text.matchAll(/bullmq@([\d.]+)/g)) expect(version).toBe(devDependencies.bullmq);
    expect(text.replaceAll('user:password@', '')).not.toMatch(/\/\/[^\s$]*:[^\s$]*@/);
  });

  const isCompose = name === 'compose.yaml' && spawnSync('docker', ['compose', 'version']).status === 0;
  test.runIf(isCompose || name.endsWith('.sh'))('is accepted by the program that it is for', () => {
    const [program, ...words] = isCompose
      ? ['docker', 'compose', '-f', join(folder, name), 'config', '--quiet']
      : ['bash', '-n', join(folder, name)];
    const env = { ...process.env, WGRAD_QUEUE_PASSWORD: 'x' };
    expect(spawnSync(program!, words, { encoding: 'utf8', env })).toMatchObject({ status: 0, stderr: '' });
  });
});
