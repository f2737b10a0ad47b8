import { expect, test } from 'vitest';
import type { StepProfile } from '../../src/gpu/profile.ts';
import { rooflineSvg } from '../../src/report/roofline.ts';

const dispatch = (name: string, share: number, at: Partial<StepProfile['dispatches'][number]> = {}) =>
  ({ name, layer: '', share, intensity: 10, gflops: 2, flops: 2e6, bytes: 2e5, microseconds: 1000, ...at }) as const;

/** The texts beside the plot, with their heights. */
const labelsOf = (svg: string) =>
  [...svg.matchAll(/<polyline class="leader"[^>]*\/><text x="\d+" y="([\d.]+)">([^<]*)</g)].map(([, y, text]) => ({
    y: Number(y),
    text: text!,
  }));

const draw = (dispatches: readonly ReturnType<typeof dispatch>[]) =>
  rooflineSvg({ dispatches } as unknown as StepProfile, { gflops: 7, gbps: 1.4 }, 'a step');

test('labels of overlapping dispatches do not overlap and are inside the picture', () => {
  const same = Array.from({ length: 12 }, (_, i) => dispatch(`high${i}`, 0.05));
  const low = Array.from({ length: 12 }, (_, i) => dispatch(`low${i}`, 0.03, { gflops: 1e-4, intensity: 0.1 }));
  const labels = labelsOf(draw([...same, ...low]));
  expect(labels).toHaveLength(24);
  for (const [i, { y }] of labels.entries()) {
    expect(y).toBeGreaterThan(40);
    expect(y).toBeLessThan(520);
    if (i > 0) expect(y - labels[i - 1]!.y).toBeGreaterThanOrEqual(13.9);
  }
  expect(labels[0]!.text).toBe('high0, 5.0 %');
});

test('if there are many dispatches, those that take longest have labels', () => {
  const many = Array.from({ length: 200 }, (_, i) => dispatch(`kernel${i}`, (i + 1) / 20_100));
  const labels = labelsOf(draw(many)).map(({ text }) => text);
  expect(labels.length).toBeLessThan(40);
  expect(labels.some((text) => text.startsWith('kernel199,'))).toBe(true);
  expect(labels.some((text) => text.startsWith('kernel0,'))).toBe(false);
});

test('the axes are labeled with powers of ten', () => {
  const svg = draw([dispatch('tiny', 1, { gflops: 2e-4, intensity: 2e-3 })]);
  expect(svg).toContain('>0.001<');
  expect(svg).toContain('>1e-4<');
});
