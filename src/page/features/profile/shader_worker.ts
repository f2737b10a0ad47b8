import { type ChangeReport, changedShader } from '../../../selftest/changed_shader.ts';
import { trainerOptionsOf } from '../../../session/run_request.ts';
import { load } from '../../app/worker/datasets.ts';
import { device } from '../../app/worker/device.ts';
import type { TrainRequest } from '../run/worker.ts';

/** The texts of all shaders. On a server of the sources, the kernels have the same texts. */
const files = import.meta.glob<string>('../../../../shaders/**/*.wgsl', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const built = Object.fromEntries(
  Object.entries(files).map(([path, text]) => [path.replace(/^.*\/shaders\//, ''), text]),
);

const rounds = 5;

let before: Readonly<Record<string, string>> = {};
let now: Readonly<Record<string, string>> = {};
let checking: Promise<unknown> = Promise.resolve();

/** Checks a saved shader, and times it with its previous and its current text, for the network that would be trained. */
export function shaderSaved(path: string, text: string, request: TrainRequest): Promise<ChangeReport> {
  now = { ...now, [path]: text };
  // Shaders are checked one after the other, because each is timed and compared with the last correct one.
  const report = checking.then(() => checkNow(path, request));
  checking = report.catch(() => undefined);
  return report;
}

async function checkNow(path: string, { paused, ...request }: TrainRequest): Promise<ChangeReport> {
  const edits = now;
  const { imageShape, count } = (await load(request)).train;
  const report = await changedShader(await device(), {
    ...{ built, before, now: edits, choice: {}, rounds },
    changed: [...new Set([path, ...Object.keys(edits).filter((each) => edits[each] !== before[each])])],
    network: {
      trainer: trainerOptionsOf(request),
      dataset: { imageShape, count: Math.min(count, request.trainSamples) },
    },
  });
  if (!report.doesNotCompile && report.wrong.length === 0) before = edits;
  return report;
}
