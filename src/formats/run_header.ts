import * as v from 'valibot';
import { integer } from '../check.ts';
import type { Finding } from '../data/findings.ts';
import { type ProbeRecord, type RunVerdict, runVerdictNames, type Verdict, verdictNames } from '../health/health.ts';
import type { EpochRecord, StepRecord } from '../health/history.ts';
import type { RunState } from '../health/run_watch.ts';
import type { LearningRate } from '../model/schedule.ts';
import { pictureFits } from '../picture_fit.ts';
import type { FitSettings } from '../train/fit_settings.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';

const numbers = v.custom<number>((value) => typeof value === 'number', 'a number');
const names = v.array(v.string());
const lengths = v.array(integer(0, 2 ** 31));
const records = <T>(entries: v.ObjectEntries) =>
  v.array(v.looseObject(entries) as unknown as v.GenericSchema<unknown, T>);
const remedies = v.array(v.looseObject({ words: v.string() }));
const verdict = {
  layer: v.string(),
  verdict: v.picklist(verdictNames),
  step: numbers,
  epoch: numbers,
  sentence: v.string(),
  remedy: v.string(),
  remedies: v.optional(remedies),
};
const runVerdict = {
  verdict: v.picklist(runVerdictNames),
  step: numbers,
  epoch: numbers,
  headline: v.optional(v.string()),
  sentence: v.string(),
  cause: v.string(),
  causeType: v.optional(v.string()),
  causeLayer: v.optional(v.string()),
  remedies,
};
const runState = v.looseObject({
  losses: v.object({
    span: numbers,
    stretches: v.array(v.object({ steps: numbers, samples: numbers, loss: numbers, accuracy: numbers })),
  }),
  skipped: numbers,
  epochs: v.array(v.object({ loss: numbers, validationLoss: v.optional(numbers) })),
  ratios: v.record(v.string(), v.object({ most: numbers, recent: numbers })),
}) as unknown as v.GenericSchema<unknown, RunState>;
const probe = {
  step: numbers,
  layers: v.record(v.string(), v.looseObject({ exponents: v.array(numbers), zeros: numbers, nonFinite: numbers })),
  hardest: v.array(v.looseObject({ sample: numbers, label: numbers, gradientNorm: numbers })),
};

const column = v.array(v.nullable(numbers));
const healthTable = v.pipe(
  v.object({
    steps: v.array(numbers),
    layers: v.record(
      v.string(),
      v.object({
        updateRatio: column,
        transport: column,
        reach: column,
        dead: column,
        zeros: v.optional(column),
        saturated: v.optional(column),
      }),
    ),
  }),
  v.check(
    ({ steps, layers }) =>
      Object.values(layers).every((columns) => Object.values(columns).every(({ length }) => length === steps.length)),
    'columns with one value per step',
  ),
);

const stretch = { step: numbers, epoch: numbers, steps: numbers, samples: numbers };
const watch = v.object({
  epoch: v.optional(v.object(stretch)),
  standings: v.record(
    v.string(),
    v.object({
      verdict: v.optional(v.looseObject(verdict) as unknown as v.GenericSchema<unknown, Verdict>),
      streak: v.optional(v.object({ name: v.picklist(verdictNames), steps: numbers, since: v.object(stretch) })),
      silence: v.optional(v.object(stretch)),
      lastUpdateRatio: v.optional(numbers),
      mostUpdateRatio: v.optional(numbers),
    }),
  ),
  run: v.optional(runState),
});

const waited = { monitor: v.string(), wait: integer(0), best: v.optional(numbers) };
const epochOrNone = v.optional(integer(1));
const callbacks = v.object({
  earlyStopping: v.optional(v.object({ ...waited, bestEpoch: epochOrNone, stoppedEpoch: epochOrNone })),
  reduceLrOnPlateau: v.optional(v.object({ ...waited, cooldown: integer(0) })),
});

export const headerSchema = v.object({
  options: v.custom<TrainerOptions>((value) => typeof value === 'object' && value !== null, 'an object'),
  dataset: v.object({
    name: v.string(),
    imageShape: v.tuple([integer(1), integer(1), integer(1)]),
    classNames: names,
    targetNames: v.optional(names),
    pictureFit: v.optional(v.picklist(pictureFits)),
    pictureLevels: v.optional(v.object({ from: numbers, to: numbers })),
    trainSamples: integer(1),
    testSamples: integer(0),
    clean: v.optional(v.array(v.custom<Finding>((value) => typeof value === 'string', 'a finding'))),
    reading: v.optional(
      v.object({
        validationSplit: v.optional(numbers),
        imageSize: v.optional(integer(1)),
        labels: v.optional(v.string()),
        stretch: v.optional(v.literal(true)),
      }),
    ),
    data: v.optional(v.string()),
    sampleWeight: v.optional(v.string()),
  }),
  epochs: integer(1),
  history: v.object({
    epochs: records<EpochRecord>({
      epoch: numbers,
      loss: numbers,
      accuracy: v.optional(numbers),
      meanAbsoluteError: v.optional(numbers),
      validationLoss: v.optional(numbers),
      validationAccuracy: v.optional(numbers),
      validationMeanAbsoluteError: v.optional(numbers),
      seconds: numbers,
      imagesPerSecond: numbers,
      gradientNorms: v.record(v.string(), v.object({ mean: numbers, min: numbers, max: numbers })),
    }),
    steps: records<StepRecord>({
      step: numbers,
      epoch: numbers,
      loss: numbers,
      accuracy: v.optional(numbers),
      meanAbsoluteError: v.optional(numbers),
      samples: numbers,
      skipped: v.boolean(),
      gradientNorms: v.record(v.string(), numbers),
    }),
    verdicts: records<Verdict>(verdict),
    runVerdicts: v.optional(records<RunVerdict>(runVerdict)),
    probes: records<ProbeRecord>(probe),
    health: v.optional(healthTable),
  }),
  progress: v.object({
    epochs: integer(0),
    step: integer(0),
    updates: integer(0),
    skipped: integer(0),
    correction1: numbers,
    correction2: numbers,
    lossScale: v.optional(v.tuple([numbers, numbers, numbers, numbers])),
  }),
  learningRate: v.custom<LearningRate>(
    (value) => typeof value === 'number' || (typeof value === 'object' && value !== null),
    'a number or a schedule',
  ),
  statistics: v.optional(v.object({ mean: v.array(numbers), std: v.array(numbers) })),
  watch: v.optional(watch),
  // Older files have no averages and no units. Runs whose optimizer keeps no weight average have no averages either.
  tensors: v.object({
    weights: lengths,
    moments: lengths,
    averages: v.optional(lengths, []),
    zca: lengths,
    units: v.optional(lengths, []),
    best: v.optional(lengths, []),
  }),
  fit: v.optional(v.custom<FitSettings>((value) => typeof value === 'object' && value !== null, 'an object')),
  testTimeAugmentation: v.optional(integer(1)),
  host: v.optional(v.object({ name: v.string(), adapter: v.string() })),
  callbacks: v.optional(callbacks),
});
