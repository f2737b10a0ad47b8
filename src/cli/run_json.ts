import type { TrainingLog } from '../health/training_log.ts';
import { timeInVerdicts } from '../health/verdicts.ts';
import type { Evaluation, ImagesUsed, Startup, StoppedEarly } from '../index.ts';
import type { PreparedRun } from './run.ts';
import { writeWholeSomewhere } from './whole_file.ts';

/** Facts that are known when a run has ended. */
export interface RunEnd {
  startup?: Startup;
  stoppedEarly?: StoppedEarly;
  test?: Evaluation;
  /** How the images were kept on the GPU, and the time spent waiting for them. */
  images?: ImagesUsed;
}

/**
 * The whole run as one JSON object, written in pieces because a long run exceeds the maximum length of a string. null stands for
 * NaN and infinities.
 */
export function writeRunJson(
  path: string,
  { config, adapter, layers }: Pick<PreparedRun, 'config' | 'adapter' | 'layers'>,
  log: TrainingLog,
  { startup, ...ended }: RunEnd = {},
): void {
  const { vendor, architecture, description, software } = adapter;
  const about = { config, adapter: { vendor, architecture, description, software }, layers, startup, ...ended };
  const names = Object.keys(log.steps[0]?.gradientNorms ?? {});
  const lastStep = log.steps.at(-1)?.step ?? 0;
  writeWholeSomewhere(path, (write) => {
    write(`${JSON.stringify(about).slice(0, -1)}`);
    writeList(write, 'epochs', log.epochs);
    writeList(write, 'steps', log.steps);
    writeList(write, 'verdicts', log.verdicts);
    const times = Object.fromEntries(names.map((name) => [name, timeInVerdicts(log.verdicts, name, lastStep)]));
    write(`,\n"stepsInVerdicts": ${JSON.stringify(times)}`);
    writeList(write, 'runVerdicts', log.runVerdicts);
    writeList(write, 'probes', log.probes);
    write('}\n');
  });
}

function writeList(write: (text: string) => void, name: string, items: readonly unknown[]): void {
  write(`,\n"${name}": [`);
  for (const [i, item] of items.entries()) write(`${i ? ',' : ''}\n${JSON.stringify(item)}`);
  write(']');
}
