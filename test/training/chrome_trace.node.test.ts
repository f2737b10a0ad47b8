import { expect, test } from 'vitest';
import { chromeTrace, type TrainingProfile } from '../../src/index.ts';

const dispatch = (name: string, layer: string, phase: TrainingProfile['dispatches'][number]['phase'], us: number) => ({
  name,
  layer,
  phase,
  microseconds: us,
  spreadMicroseconds: us / 10,
  isNoisy: false,
  intensity: 2,
  share: us / 100,
  flops: 1000,
  bytes: 500,
  gflops: 1 / us,
  gbps: 0.5 / us,
  variant: { quads: 4 },
  workgroups: [4, 1, 1] as [number, number, number],
  repeats: 3,
  wgsl: '',
  constants: {},
});

const profile: TrainingProfile = {
  dispatches: [
    dispatch('begin_step', '', 'input', 10),
    dispatch('conv2d_forward', 'conv2d', 'forward', 40),
    dispatch('conv2d_backward_w', 'conv2d', 'backward', 30),
    dispatch('adam', '', 'update', 20),
  ],
  dispatchesPerStep: 4,
  stepMicroseconds: 100,
  unprofiledStepMicroseconds: 90,
  unprofiledSpreadMicroseconds: 5,
  rounds: 5,
  timestampResolutionNs: 100_000,
  rounded: true,
  augmentationPasses: 1,
};

test('an event a dispatch, one after the other, in a named thread for each phase', () => {
  const { traceEvents, otherData } = JSON.parse(JSON.stringify(chromeTrace(profile, 'mnist')));
  const complete = traceEvents.filter(({ ph }: { ph: string }) => ph === 'X');
  expect(complete.map(({ name, ts, dur, cat }: Record<string, unknown>) => [name, ts, dur, cat])).toEqual([
    ['begin_step', 0, 10, 'input'],
    ['conv2d_forward conv2d', 10, 40, 'forward'],
    ['conv2d_backward_w conv2d', 50, 30, 'backward'],
    ['adam', 80, 20, 'update'],
  ]);
  expect(complete[1].args).toMatchObject({
    layer: 'conv2d',
    'GFLOP/s': 1 / 40,
    'GB/s': 0.5 / 40,
    workgroups: [4, 1, 1],
  });
  const threads = Object.fromEntries(
    traceEvents
      .filter(({ name }: { name: string }) => name === 'thread_name')
      .map(({ tid, args }: { tid: number; args: { name: string } }) => [tid, args.name]),
  );
  expect(complete.map(({ tid }: { tid: number }) => threads[tid])).toEqual([
    'images of the batch',
    'forward',
    'backward',
    'norms and update',
  ]);
  expect(traceEvents[0]).toMatchObject({ ph: 'M', name: 'process_name', args: { name: 'mnist' } });
  expect(new Set(traceEvents.map(({ pid }: { pid: number }) => pid)).size).toBe(1);
  expect(otherData.timestamps).toBe('rounded to 100 us');
});
