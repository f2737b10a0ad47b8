import { describe, expect, test } from 'vitest';
import type { Session } from '../../src/cli/session.ts';
import { optimizerTypes } from '../../src/model/optimizers/index.ts';
import { measureOptimizers, optimizerLine } from './optimizers.ts';
import type { BenchPage, StepOptions } from './protocol.ts';

describe('the cost of an optimizer relative to adam', () => {
  const times = { name: 'lion', limited: true, adam: [100, 200, 400], own: [104, 204, 416] };

  test('is the median of the ratios of pairs, which load on the machine does not change', () => {
    const line = optimizerLine(times);
    expect(line).toMatch(
      /^lion +204 ms a batch, adam 200 ms; median of 3 pairs 1\.040, half of them from 1\.030 to 1\.040/,
    );
    expect(line).toContain('fastest turns 1.040 (at most 1.1: held)');
  });

  test.each([
    ['too much', { own: [112, 224, 448] }, '(at most 1.1: NOT HELD)'],
    ['not measured', { own: [Number.NaN, Number.NaN, Number.NaN] }, '(at most 1.1: NOT HELD)'],
  ])('is %s', (_, change, words) => expect(optimizerLine({ ...times, ...change })).toContain(words));

  test('has no limit if more than the optimizer differs', () =>
    expect(optimizerLine({ ...times, limited: false })).not.toContain('at most'));

  test('is measured in pairs of alternating turns, after both have warmed up', async () => {
    const calls: string[] = [];
    const call = async (_: string, { optimizer, accumulationSteps }: StepOptions, _size: number, batches: number) => {
      const type = typeof optimizer === 'string' ? optimizer : optimizer.type + JSON.stringify(optimizer);
      calls.push(`${type}${accumulationSteps ?? ''} ${batches}`);
      return type === 'adam' ? 100 : 103;
    };
    const told: string[] = [];
    const all = await measureOptimizers({ call } as unknown as Session<BenchPage>, 8, 2, 0.8, ({ name }) =>
      told.push(name),
    );
    expect(calls.slice(0, 6)).toEqual(['adam 4', 'sgd 4', 'adam 8', 'sgd 8', 'sgd 8', 'adam 8']);
    expect(all[0]).toEqual({ name: 'sgd', limited: true, adam: [100, 100], own: [103, 103] });
    // Every optimizer, the moving average, and gradient accumulation.
    expect(told).toEqual(all.map(({ name }) => name));
    expect(told).toHaveLength(optimizerTypes.length - 1 + 2);
    expect(calls.at(-2)).toBe('adam4 8');
  });
});
