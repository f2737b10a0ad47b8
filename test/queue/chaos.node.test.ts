import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run, temporaryFolder } from '../cli/wgrad.ts';
import { chaos } from './chaos.ts';
import { howToInstall, requireRedis, skipsRedis } from './redis.ts';

/** A short form of `npm run chaos`. */
describe.skipIf(skipsRedis || process.platform === 'win32')(
  `a sweep over workers (skipped where ${howToInstall})`,
  () => {
    beforeAll(async () => {
      requireRedis();
      await run('--version'); // Builds the command.
    });

    test('has each result once, with the bits of a single process, whatever happens to workers and to Redis', async () => {
      const outcome = await chaos({
        ...{ folder: join(temporaryFolder(), 'chaos'), trials: 8, workers: 2, every: 1_000, takeover: 2 },
        mishaps: ['worker killed', 'worker stopped and continued', 'Redis killed and restarted'],
      });
      expect(outcome).toMatchObject({ results: 8, sameBits: true, code: 0 });
      expect(outcome.mishaps['worker killed']).toBe(1);
    });
  },
);
