import type { Command } from 'commander';
import { ConfigurationError } from '../errors.ts';
import type { CheckpointEvery } from '../train/checkpoint_every.ts';
import { integer, outputFolder } from './values.ts';

/** The checkpoint options of `train`. */
export interface CheckpointOptions {
  checkpoint?: string;
  checkpointEvery?: CheckpointEvery;
  keep?: number;
  monitor?: string;
  resume?: string;
}

export const keptByDefault = 2;

export function addCheckpointOptions(command: Command): Command {
  return command
    .option(
      '--checkpoint <folder>',
      'write checkpoints to this folder during training; --resume continues from them',
      outputFolder('--checkpoint'),
    )
    .option(
      '--checkpoint-every <n>',
      'interval between checkpoints, with its unit: 100steps, 2epochs or 30s (default: 1epoch)',
      checkpointEveryOf,
    )
    .option(
      '--keep <n>',
      `number of newest checkpoints to keep (default: ${keptByDefault})`,
      integer('--keep', { min: 1 }),
    )
    .option(
      '--monitor <figure>',
      'figure that decides which epoch is kept as best.wgrad (default: validationLoss, or loss if there is no validation)',
    )
    .option(
      '--resume <folder or file>',
      'resume a run, with the same bits as an uninterrupted one: the folder of --checkpoint or the file of --save',
    );
}

const units = { step: 'steps', epoch: 'epochs', s: 'seconds', second: 'seconds' } as const;

/** Parses 100steps, 1 epoch or 30s. */
export function checkpointEveryOf(text: string): CheckpointEvery {
  const [, number, unit] = /^(\d+) ?(step|epoch|s|second)s?$/.exec(text.trim()) ?? [];
  const n = Number(number);
  if (unit && Number.isSafeInteger(n) && n >= 1) return { [units[unit as keyof typeof units]]: n } as CheckpointEvery;
  throw new ConfigurationError({
    what: '--checkpoint-every has an invalid value',
    found: text,
    expected: 'a whole number of at least 1 with its unit: 100steps, 2epochs or 30s',
    ...(/^\d+$/.test(text) && { fix: `add the unit: ${text}steps, ${text}epochs or ${text}s` }),
  });
}

/** @throws ConfigurationError for checkpoint options without --checkpoint. */
export function checkCheckpointOptions({
  checkpoint,
  checkpointEvery,
  keep,
  monitor,
  resume,
}: CheckpointOptions): void {
  if (checkpoint !== undefined || resume !== undefined) return;
  const given = Object.entries({ '--checkpoint-every': checkpointEvery, '--keep': keep, '--monitor': monitor });
  const flag = given.find(([, value]) => value !== undefined)?.[0];
  if (!flag) return;
  throw new ConfigurationError({
    what: `${flag} configures checkpoints, but no checkpoints are written`,
    found: `${flag} without --checkpoint`,
    fix: `add --checkpoint <folder>, or leave ${flag} out`,
  });
}
