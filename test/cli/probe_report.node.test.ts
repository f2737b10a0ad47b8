import { expect, test } from 'vitest';
import { probeTables } from '../../src/cli/probe_report.ts';
import { probeOf } from './health_events.ts';

const cellsOf = (text: string, first: string) =>
  text
    .split('\n')
    .find((line) => line.includes(`│ ${first} `))!
    .split('│')
    .map((cell) => cell.trim())
    .slice(1, -1);

test('the noise scale of the last probe, mean cosines of the probes that have them, samples with the largest gradients', () => {
  const [first, last] = [probeOf(1).probe, probeOf(101).probe];
  delete first.layers.dense!.cosineToLast;
  last.layers.dense!.cosineToLast = 0.25;
  first.layers.dense!.cosineToPlain = 0.5;
  last.layers.dense!.cosineToPlain = 1;
  last.layers.dense!.noiseScale = 40;
  last.whole.noiseScale = Infinity;
  first.hardest = [{ sample: 1, label: 1, gradientNorm: 100, layers: {} }];
  last.hardest = Array.from({ length: 8 }, (_, i) => ({ sample: 70 + i, label: i, gradientNorm: 8 - i, layers: {} }));
  const text = probeTables([first, last])!;
  // 4 zeros and 5 nonzero numbers.
  expect(cellsOf(text, 'dense')).toEqual(['dense', '40', '0.25', '', '0.75', '44.4 %']);
  expect(cellsOf(text, 'whole network')).toEqual(['whole network', 'Infinity', '0.5', '', '', '']);
  expect(text).toContain('largest gradients in step 101');
  expect(cellsOf(text, '70')).toEqual(['70', '0', '8']);
  expect(cellsOf(text, '74')).toEqual(['74', '4', '4']);
  expect(text).not.toMatch(/│ (75|1) /);
});

test('no table without a probe', () => {
  expect(probeTables([])).toBeUndefined();
});
