import { expect, test } from 'vitest';
import { stepLines } from '../../src/cli/profile.ts';
import { changesText, profileChanges } from '../../src/cli/profile_file.ts';

const row = (name: string, microseconds: number, spreadMicroseconds: number) => ({
  ...{ name, layer: 'a', microseconds, spreadMicroseconds },
});

test('a dispatch has changed if its medians differ by more than both spreads; added and removed ones are named', () => {
  const before = [
    row('within', 100, 5),
    row('slower', 100, 5),
    row('twice', 10, 0),
    row('twice', 20, 0),
    row('gone', 1, 0),
  ];
  const after = [
    row('within', 109, 5),
    row('slower', 111, 5),
    row('twice', 10, 0),
    row('twice', 25, 0),
    row('new', 2, 0),
  ];
  const changes = profileChanges(before, after);
  expect(changes.map(({ name, before, after, isBeyondSpread }) => [name, before, after, isBeyondSpread])).toEqual([
    ['within', 100, 109, false],
    ['slower', 100, 111, true],
    ['twice', 10, 10, false],
    ['twice', 20, 25, true],
    ['new', undefined, 2, true],
    ['gone', 1, undefined, true],
  ]);
  const text = changesText(changes);
  expect(text).toMatch(/slower +│ a +│ +100 │ +111 │ \+11\.0 %/);
  expect(text).toContain('2 of 6 dispatches stayed within the spread');
});

test('noisy rows are counted, and the sum is compared with a step in one pass', () => {
  const profile = {
    dispatches: [{ isNoisy: true }, { isNoisy: false }],
    ...{ stepMicroseconds: 110, unprofiledStepMicroseconds: 100, unprofiledSpreadMicroseconds: 2, rounds: 5 },
  } as unknown as Parameters<typeof stepLines>[0];
  const lines = [...stepLines(profile)].join('\n');
  expect(lines).toMatch(/^step {5}100 us in one pass.*\(spread 2\); the dispatches' sum is 110 us, 10\.0 % more$/m);
  expect(lines).toMatch(/^warning {2}1 of 2 rows/m);
});
