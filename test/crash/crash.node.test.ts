import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run, temporaryFolder } from '../cli/wgrad.ts';
import { randomFrom, type Trial, Trials } from './trials.ts';

/** A short form of `npm run crash-test`, with different moments each day. */
describe.skipIf(process.platform === 'win32')(
  'whatever happens to a run, it ends with the bits of one that nobody disturbed',
  () => {
    const seed = Math.floor(Date.now() / 86_400_000);
    let trials: Trials;

    beforeAll(async () => {
      await run('--version'); // Builds the command.
      trials = new Trials(join(temporaryFolder(), 'crash'), randomFrom(seed));
      await trials.prepare();
    });

    const kinds: [string, () => Promise<Trial>][] = [
      ['the command is killed', () => trials.killCommand()],
      // No more than two in one run: a third one without a step between them would end it.
      [
        'the GPU process is killed, and later the device is destroyed',
        () => trials.crash('GPU process killed', 'device destroyed'),
      ],
      ['the page crashes, and later Chrome is killed', () => trials.crash('page crashed', 'Chrome killed')],
      ['a checkpoint is damaged', () => trials.damage()],
    ];
    test.concurrent.each(kinds)('%s', async (_, trial) => {
      const { passed, moment, outcome } = await trial();
      expect({ passed, moment, outcome, seed }).toMatchObject({ passed: true });
    });
  },
);
