import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runHere, temporaryFolder } from '../cli/wgrad.ts';
import { chaos, chaosPlan, read } from './chaos.ts';
import { howToInstall, requireRedis, skipsRedis } from './redis.ts';

/** A short form of `npm run chaos`. */
describe.skipIf(skipsRedis || process.platform === 'win32')(
  `a sweep over workers (skipped where ${howToInstall})`,
  () => {
    beforeAll(requireRedis);

    test('has each result once, with the bits of a single process, whatever happens to workers and to Redis', async () => {
      const folder = join(temporaryFolder(), 'chaos');
      const [plan, alone, trials] = [join(temporaryFolder(), 'plan.json'), join(temporaryFolder(), 'alone.json'), 8];
      writeFileSync(plan, JSON.stringify(chaosPlan(trials)));
      await runHere('sweep', plan, '--json', alone, '--adapter', 'software');
      const outcome = await chaos({
        ...{ folder, trials, expected: read(alone), workers: 2, every: 1_000, takeover: 2 },
        mishaps: ['worker killed', 'worker stopped and continued', 'Redis killed and restarted'],
      });
      expect(outcome).toMatchObject({ results: 8, sameBits: true, code: 0 });
      expect(outcome.mishaps['worker killed']).toBe(1);
    });
  },
);
