import { isDatasetName, knownDatasets } from '../data/index.ts';
import { count, counted, figure } from '../figures.ts';
import type { BufferFacts, DispatchFacts, PlanFacts } from '../plan/describe_plan.ts';
import { stepsBeforeUpgrade } from '../train/kernel_upgrades.ts';
import type { PlannedAdapter, TrainingPlan } from '../train/plan_training.ts';
import { planRun } from '../train/run_length.ts';
import type { ProfileCommandOptions } from './profile.ts';
import { readCleaned } from './run.ts';
import type { RunOptions } from './run_options.ts';
import { fitted, table } from './tables.ts';
import { checkSamples, modelOf, optimizerOf, trainerOptionsOf, withLossFor } from './trainer_settings.ts';
import { dataLine } from './training_report.ts';
import { writeJson } from './whole_file.ts';

/**
 * The adapters for which a plan is made without asking one. The largest binding is SwiftShader's limit, which most GPUs reach or
 * exceed.
 */
const largestBinding = 2 ** 30;
const assumed: Record<'software' | 'hardware', PlannedAdapter> = {
  software: adapter(true, 4),
  hardware: adapter(false, 32),
};

function adapter(software: boolean, subgroupSize: number): PlannedAdapter {
  return {
    traits: { software, subgroupSize, storageBuffers: 10 }, // as on most GPUs
    limits: { mostBytes: largestBinding, mostArenaBytes: largestBinding },
  };
}

/** `wgrad profile --plan` */
export async function printPlan(asked: ProfileCommandOptions): Promise<void> {
  const kind = asked.adapter === 'hardware' ? 'hardware' : 'software';
  const { traits, limits } = assumed[kind];
  const { trainer, dataset, config, line } = await plannedRun(asked);
  // In the package it is one of the library's files, which have all kernels already: see partsAreInTheLibrary in build/programs.ts.
  const { planTraining } = await import('../train/plan_training.ts');
  const plan = await planTraining(trainer, dataset, { traits, limits });
  console.log(assumedLine(kind, asked));
  console.log(line);
  console.log(dispatchTable(plan));
  console.log(bufferTable(plan));
  for (const line of [...upgradeLines(plan), ...totalLines(plan)]) console.log(line);
  if (trainer.activationStorage === 'float16') {
    const { activationStorage: _, lossScale: __, ...single } = trainer;
    console.log(halvesLine(plan, await planTraining(single, dataset, { traits, limits })));
  }
  if (asked.json) writeJson(asked.json, { config, assumed: { ...traits, ...limits }, plan });
}

/** The resolved options of a run for which only shapes matter: no image of a known data set is read. */
export async function plannedRun(asked: ProfileCommandOptions) {
  const optimizer = optimizerOf(asked);
  const { imageShape, classNames, targetNames, options, train, test } = await datasetOf(asked);
  const counts = { train: { count: train }, test: { count: test } };
  checkSamples(options, counts);
  const { trainSamples, testSamples } = planRun(options, counts, asked.adapter !== 'hardware');
  const labels = { classNames, ...(targetNames && { targetNames }) };
  const trainer = trainerOptionsOf(options, modelOf(options, { imageShape, ...labels }), optimizer);
  return {
    trainer,
    dataset: { imageShape, count: trainSamples },
    config: { dataset: options.dataset, trainSamples, ...trainer },
    line: dataLine(options.dataset, { train: trainSamples, test: testSamples, imageShape, classNames, targetNames }),
  };
}

/** Shape, labels and number of images, for a known data set without reading it, and the options with the matching loss. */
async function datasetOf(options: ProfileCommandOptions) {
  const { dataset, clean } = options;
  if (isDatasetName(dataset) && clean.length === 0) {
    const known = knownDatasets[dataset];
    return { ...known, classNames: [...known.classNames], targetNames: undefined, options };
  }
  const { train, test } = (await readCleaned(options)).datasets;
  const { imageShape, classNames, targetNames } = train;
  return {
    ...{ imageShape, classNames, targetNames, train: train.count, test: test.count },
    options: withLossFor(options, train),
  };
}

function assumedLine(kind: 'software' | 'hardware', { adapter }: RunOptions): string {
  const { traits, limits } = assumed[kind];
  const other = kind === 'software' ? 'hardware' : 'software';
  const hint = adapter === 'auto' ? `; use --adapter ${other} for another` : '';
  return (
    `assumed  a ${kind} adapter with subgroups of ${traits.subgroupSize} and ` +
    `bindings of up to ${figure(limits.mostBytes / 2 ** 20)} MiB; no adapter was opened${hint}`
  );
}

/** Maximum line length of the dispatch table: twice a terminal's width. */
const widest = 160;

const names = (of: readonly string[]) => of.join(' ');
const kilobytes = (bytes: number) => figure(bytes / 1000);

function dispatchTable({ dispatches }: PlanFacts): string {
  const rows = dispatches.map((dispatch: DispatchFacts, i) => [
    String(i + 1),
    dispatch.phase,
    dispatch.layer,
    dispatch.kernel,
    dispatch.variant,
    names(dispatch.reads),
    names(dispatch.writes),
    count(dispatch.workgroups),
    figure(dispatch.flops / 1e6),
    kilobytes(dispatch.bytes),
  ]);
  const head = ['#', 'phase', 'layer', 'kernel', 'variant', 'reads', 'writes', 'workgroups', 'MFLOP', 'kB'];
  return table(head, fitted(head, rows, [4, 5, 6], widest), 7);
}

function bufferTable({ buffers }: PlanFacts): string {
  const rows = buffers.map(({ label, kind, half, slot, alive, bytes }: BufferFacts) => [
    label,
    half ? `${kind} (float16)` : kind,
    String(slot),
    alive ? `${alive[0] + 1} to ${alive[1] + 1}` : 'always',
    kilobytes(bytes),
  ]);
  return table(['buffer', 'kind', 'memory', 'alive', 'kB'], rows, 2);
}

/** The kernels that faster variants replace while a run trains. */
const upgradeLines = ({ dispatches }: PlanFacts): string[] =>
  dispatches
    .filter(({ upgrade }) => upgrade !== undefined)
    .map(
      ({ kernel, layer, upgrade }) =>
        `upgrade  ${kernel} of ${layer} to ${upgrade} after ${stepsBeforeUpgrade} steps, if the run has more`,
    );

const megabytes = (of: number) => `${(of / 1e6).toFixed(1)} MB`;

/** What the activations in float16 save, compared with the plan of the same run in float32. */
function halvesLine({ buffers, bytes, dispatches }: PlanFacts, single: PlanFacts): string {
  const moved = (of: readonly DispatchFacts[]) => megabytes(of.reduce((sum, { bytes }) => sum + bytes, 0));
  const halves = buffers.filter(({ half }) => half).length;
  return (
    `float16  ${counted(halves, 'buffer')} of ${buffers.length} as halves; in float32 ${megabytes(single.bytes.shared)} ` +
    `in place of ${megabytes(bytes.shared)} in shared buffers, ${moved(single.dispatches)} in place of ` +
    `${moved(dispatches)} moved at least`
  );
}

function totalLines({ dispatches, bytes, augmentationPasses }: TrainingPlan): string[] {
  const sum = (of: (dispatch: DispatchFacts) => number) => dispatches.reduce((total, one) => total + of(one), 0);
  const passes = augmentationPasses === 1 ? '1 pass' : `${augmentationPasses} passes`;
  return [
    `step     ${dispatches.length} dispatches, ${figure(sum(({ flops }) => flops) / 1e6)} MFLOP, ` +
      `${megabytes(sum(({ bytes }) => bytes))} moved at least`,
    `memory   ${megabytes(bytes.shared)} in shared buffers, ${megabytes(bytes.apart)} without sharing`,
    `data     ${megabytes(bytes.input)} for the data set and its batches, in ${passes} over the images`,
  ];
}
