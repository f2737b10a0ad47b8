import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { healthTable, verdictLines } from '../../src/cli/health_report.ts';
import { writeRunJson } from '../../src/cli/run_json.ts';
import { TrainingLog } from '../../src/health/training_log.ts';
import { packNumbers, unpackNumbers } from '../../src/json_numbers.ts';
import { probeOf, stepOf, verdictOf } from './health_events.ts';
import { temporaryFolder } from './wgrad.ts';

const verdict = (...args: Parameters<typeof verdictOf>) => verdictOf(...args).verdict;

test('a line for each changed verdict; layers that are healthy from the start share one, and equal layers share a remedy', () => {
  const first = [verdict('a', 'vanishing', 1), verdict('b', 'vanishing', 2), verdict('c', 'healthy', 1)];
  expect(verdictLines([...first, verdict('d', 'healthy', 2)], [])).toEqual([
    'step 1  healthy: c, d',
    'step 1  a vanishes: the sentence of a',
    'step 2  b vanishes: the sentence of b',
    '        what helps: a remedy',
  ]);
  expect(verdictLines([verdict('a', 'healthy', 140)], first)).toEqual(['step 140  a is healthy: the sentence of a']);
  expect(verdictLines([], first)).toEqual([]);
});

function logOf(): TrainingLog {
  const log = new TrainingLog();
  const events = [stepOf(1, { norm: 4 }), verdictOf('dense', 'healthy', 1), stepOf(2, { norm: 1 }), probeOf(2)];
  for (const item of [...events, verdictOf('dense', 'non-finite', 3), stepOf(3, { bad: true })]) log.add(item);
  return log;
}

test('the final table: verdict, time in each verdict, and means without non-finite values', () => {
  const lines = healthTable(logOf())!.split('\n');
  const cellsOf = (layer: string) =>
    lines
      .find((line) => line.includes(`${layer} `))!
      .split('│')
      .map((cell) => cell.trim())
      .slice(1, -1);
  const [name, now, time, norm, ratio, transport, toTheLast, dead] = cellsOf('dense');
  expect([name, now]).toEqual(['dense', 'non-finite']);
  expect(time).toBe('healthy 66.7 %, non-finite 33.3 %');
  // The geometric mean of 4 and 1; deltas of 4/64 and 1/64 over 2/64.
  expect([norm, ratio, transport, toTheLast]).toEqual(['2', '0.0009766', '0.5', '1']);
  expect(dead).toBe('3 of 16');
  expect(cellsOf('a, "b"')[1]).toBe('too few steps');
});

test('no table if health was not measured', () => {
  const log = new TrainingLog();
  const told = stepOf(1);
  if ('step' in told) delete told.step.health;
  log.add(told);
  expect(healthTable(log)).toBeUndefined();
});

test('--json contains steps with their health, verdicts, the time in them, and probes', () => {
  const path = join(temporaryFolder(), 'run.json');
  const adapter = { vendor: 'v', architecture: 'a', device: '', description: '', software: true };
  writeRunJson(path, { config: { seed: 1 }, adapter, layers: [] }, logOf());
  const written = JSON.parse(readFileSync(path, 'utf8'));
  expect(written).toMatchObject({ config: { seed: 1 }, adapter: { software: true }, epochs: [], layers: [] });
  expect(written.steps.map(({ step }: { step: number }) => step)).toEqual([1, 2, 3]);
  expect(written.steps[0]).toMatchObject({ gradientNorms: { dense: 4 }, health: { layers: { dense: { dead: 3 } } } });
  expect(written.steps[2]).toMatchObject({
    loss: null,
    health: { firstNonFinite: { layer: 'dense', pass: 'gradient' } },
  });
  expect(written.verdicts.map(({ verdict }: { verdict: string }) => verdict)).toEqual(['healthy', 'non-finite']);
  expect(written.stepsInVerdicts).toEqual({ dense: { healthy: 2, 'non-finite': 1 }, 'a, "b"': {} });
  expect(written.probes).toEqual([probeOf(2).probe]);
});

test('NaN and infinities are preserved between the page and the command', () => {
  const value = { loss: Number.NaN, list: [1, -Infinity, null, 'NaN'], deep: { norm: Infinity, none: undefined } };
  const crossed = unpackNumbers(JSON.parse(JSON.stringify(packNumbers(value))));
  expect(crossed).toEqual({ loss: Number.NaN, list: [1, -Infinity, null, 'NaN'], deep: { norm: Infinity } });
});
