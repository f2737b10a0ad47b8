import type * as Bull from 'bullmq';
import { SetupError } from '../../errors.ts';
import { firstLine } from '../first_line.ts';

export type BullMq = typeof Bull;

/** The version with which the tests run. */
const tested = '5.81.5';

/**
 * Loads BullMQ, which is an optional dependency: a sweep on one machine does not need it.
 *
 * @throws SetupError if it is not installed.
 */
export async function loadBullMq(load = (): Promise<BullMq> => import('bullmq')): Promise<BullMq> {
  try {
    return await load();
  } catch (cause) {
    throw new SetupError(
      {
        what: 'The package bullmq, which connects to the queue, is not installed',
        found: firstLine((cause as Error).message),
        expected: `bullmq ${tested} or a later 5.x, next to wgrad`,
        fix: `type: npm install bullmq@${tested}; without a project: npx -p wgrad -p bullmq@${tested} wgrad worker`,
      },
      { cause },
    );
  }
}
