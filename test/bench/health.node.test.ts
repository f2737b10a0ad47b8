import { describe, expect, test } from 'vitest';
import type { Session } from '../../src/cli/session.ts';
import { healthLines, measureHealth } from './health.ts';
import type { BenchPage } from './protocol.ts';

describe('the cost of gradient health per step', () => {
  const times = { batchSize: 32, off: [100, 200, 400], norms: [104, 204, 416], dispatches: 4, recordBytes: 2048 };

  test('is the median of the ratios of pairs, which load on the machine does not change', () => {
    const lines = healthLines(times);
    expect(lines).toContain('batch 32: 200 ms a step without, 204 ms with; median of 3 pairs 4.0 %');
    expect(lines).toContain('half of them from 3.0 % to 4.0 %');
    expect(lines).toContain('(at most 5 %: held)');
    expect(lines).toContain('4 dispatches more (at most 4: held), 2048 bytes a step read back (at most 2048: held)');
    expect(lines).not.toContain('NOT');
  });

  test.each([
    [{ norms: [106, 212, 424] }, '(at most 5 %: NOT HELD)'],
    [{ dispatches: 5 }, '(at most 4: NOT HELD)'],
    [{ recordBytes: 2052 }, '(at most 2048: NOT HELD)'],
    [{ norms: [Number.NaN, Number.NaN, Number.NaN] }, '(at most 5 %: NOT HELD)'],
  ])('is too much: %j', (change, words) => {
    const lines = healthLines({ ...times, ...change });
    expect(lines).toContain(words);
    expect(lines.match(/NOT HELD/g)).toHaveLength(1);
  });

  test('is measured in pairs of alternating turns, after both have warmed up', async () => {
    const calls: string[] = [];
    const call = async (name: string, ...[level, , steps]: unknown[]) => {
      if (name === 'healthCost') return { dispatches: 2, recordBytes: 300 };
      calls.push(`${level} ${steps}`);
      return level === 'off' ? 100 : 103;
    };
    const found = await measureHealth({ call } as unknown as Session<BenchPage>, 8, 2, 1);
    expect(calls).toEqual(['off 3', 'norms 3', 'off 10', 'norms 10', 'norms 10', 'off 10']);
    expect(found).toEqual({ batchSize: 8, off: [100, 100], norms: [103, 103], dispatches: 2, recordBytes: 300 });
  });
});
