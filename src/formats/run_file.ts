import * as v from 'valibot';
import { integer } from '../check.ts';
import type { Finding } from '../data/findings.ts';
import { DataError } from '../errors.ts';
import { type ProbeRecord, type RunVerdict, runVerdictNames, type Verdict, verdictNames } from '../health/health.ts';
import type { HealthTable } from '../health/health_table.ts';
import type { EpochRecord, StepRecord } from '../health/history.ts';
import type { RunState } from '../health/run_watch.ts';
import { packNumbers, unpackNumbers } from '../json_numbers.ts';
import { compileModel } from '../model/graph.ts';
import { fillLearningRate, type LearningRate } from '../model/schedule.ts';
import { type PictureFit, pictureFits } from '../picture_fit.ts';
import type { CallbackStates } from '../train/callbacks/index.ts';
import { fillFitSettings } from '../train/fill_fit_settings.ts';
import { fillTrainerOptions } from '../train/fill_trainer_options.ts';
import type { FitSettings } from '../train/fit_settings.ts';
import type { Snapshot } from '../train/snapshot.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import { copyWeights } from '../train/weights.ts';
import { crc32c } from './crc32c.ts';

// A run in one file. All numbers are little-endian:
//
//     8 bytes   "wgradrun"
//     u32       version, 2
//     u32       bytes of the header
//     header    JSON in UTF-8; spaces fill it up to a multiple of four bytes in the file
//     f32 ...   tensors, one after the other: weights, optimizer slots ("moments"), averages, the whitening matrix, words of the
// units that were positive, the weights of the best epoch; the header has the length of each
//     u32       CRC-32C of all that comes before it: a bit that was turned is found, and so is a file that was cut
//
// Version 1 has no sum.
//
// It is data through and through: nothing in it is run, and names in it are nothing but text.

const magic = 'wgradrun';
const version = 2;
const sumBytes = 4;
const preamble = magic.length + 8;

/** All that is worth keeping of a run: what it was made of, how it went, what came of it. */
export interface SavedRun {
  /** The options of `createTrainer`. */
  options: TrainerOptions;
  /** The data set that was trained on. The images themselves are not in the file. */
  dataset: {
    /** The name of a known data set, or `'own'`. */
    name: string;
    /** Of every image. */
    imageShape: [height: number, width: number, channels: number];
    /** A name for each class. */
    classNames: string[];
    /** Names of the targets, for a data set of numbers instead of classes. */
    targetNames?: string[];
    /** How pictures became these images: `'cover'` where it is left out. */
    pictureFit?: PictureFit;
    /** Number of training images. */
    trainSamples: number;
    /** Number of validation images. */
    testSamples: number;
    /** Kinds of images that were left out before the samples were counted. */
    clean?: Finding[];
    /** A fingerprint of the images: it differs for other images of the same name and count, and for other weights of them. Older files have none. */
    data?: string;
    /** A fingerprint of the training images' weights, where they have any. */
    sampleWeight?: string;
  };
  /** As planned: a run that was stopped has fewer in its history. */
  epochs: number;
  /** What was recorded of the run. */
  history: {
    /** A record for each epoch. */
    epochs: EpochRecord[];
    /** A record for each step, without its health. */
    steps: StepRecord[];
    /** Every change of a layer's verdict, in order. */
    verdicts: Verdict[];
    /** Older files have none. */
    runVerdicts?: RunVerdict[];
    /** What the probes measured, at the level `full`. */
    probes: ProbeRecord[];
    /** In place of the steps' `health`, which is kilobytes each: what healthTable makes of them. Older files have none. */
    health?: HealthTable;
  };
  /** Weights, optimizer slots and counts: what training resumes from. */
  snapshot: Snapshot;
  /** The options of `fit` that are plain JSON; older files have none. */
  fit?: FitSettings;
  /** Augmented samples of each validation image whose mean its results are. */
  testTimeAugmentation?: number;
}

/**
 * A run as the bytes of a file. Weights keep every bit.
 *
 * @throws ConfigurationError for options that are invalid or weights that are another model's.
 */
export function formatRun(run: SavedRun): Uint8Array<ArrayBuffer> {
  const { options, dataset, epochs, history, snapshot, fit, testTimeAugmentation } = run;
  check(options, snapshot, fit);
  const { weights, slots, averages = [], progress, learningRate, statistics, health } = snapshot;
  const { callbacks, bestWeights: best = [] } = snapshot;
  const zca = statistics?.zca ? [statistics.zca] : [];
  const units = health ? [health.units] : [];
  const header = packNumbers({
    options,
    dataset,
    epochs,
    ...(fit && { fit }),
    ...(testTimeAugmentation !== undefined && { testTimeAugmentation }),
    history,
    progress,
    learningRate,
    ...(statistics && { statistics: { mean: statistics.mean, std: statistics.std } }),
    ...(health && { watch: health.watch }),
    ...(callbacks && { callbacks }),
    tensors: {
      weights: weights.map(({ length }) => length),
      moments: slots.map(({ length }) => length),
      ...(averages.length > 0 && { averages: averages.map(({ length }) => length) }),
      zca: zca.map(({ length }) => length),
      ...(health && { units: units.map(({ length }) => length) }),
      ...(best.length > 0 && { best: best.map(({ length }) => length) }),
    },
  });
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = json.length + ((4 - ((preamble + json.length) % 4)) % 4);
  const tensors = [...weights, ...slots, ...averages, ...zca, ...units, ...best];
  const numbers = tensors.reduce((sum, { length }) => sum + length, 0);
  const file = new Uint8Array(preamble + headerBytes + 4 * numbers + sumBytes);
  const view = new DataView(file.buffer);
  file.set(new TextEncoder().encode(magic));
  view.setUint32(magic.length, version, true);
  view.setUint32(magic.length + 4, headerBytes, true);
  file.fill(0x20, preamble, preamble + headerBytes);
  file.set(json, preamble);
  let at = preamble + headerBytes;
  for (const tensor of tensors) {
    // As words: a NaN with a payload would lose it on its way through a number.
    const words = new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length);
    for (const word of words) {
      view.setUint32(at, word, true);
      at += 4;
    }
  }
  view.setUint32(at, crc32c(file.subarray(0, at)), true);
  return file;
}

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
  sentence: v.string(),
  cause: v.string(),
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
    'columns as long as there are steps',
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

const schema = v.object({
  options: v.custom<TrainerOptions>((value) => typeof value === 'object' && value !== null, 'an object'),
  dataset: v.object({
    name: v.string(),
    imageShape: v.tuple([integer(1), integer(1), integer(1)]),
    classNames: names,
    targetNames: v.optional(names),
    pictureFit: v.optional(v.picklist(pictureFits)),
    trainSamples: integer(1),
    testSamples: integer(0),
    clean: v.optional(v.array(v.custom<Finding>((value) => typeof value === 'string', 'a finding'))),
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
  }),
  learningRate: v.custom<LearningRate>(
    (value) => typeof value === 'number' || (typeof value === 'object' && value !== null),
    'a number or a schedule',
  ),
  statistics: v.optional(v.object({ mean: v.array(numbers), std: v.array(numbers) })),
  watch: v.optional(watch),
  // Older files have no averages and no units, nor have those of an optimizer that keeps no average of the weights.
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
  callbacks: v.optional(callbacks),
});

/**
 * Reads a file that formatRun has written, in this version or an older one. Its contents are validated.
 *
 * @param name what to call the file in errors.
 * @throws DataError for a file that is another kind's, cut short, changed, or of a later version, or whose header is invalid;
 *   ConfigurationError for options that createTrainer would refuse.
 */
export function parseRun(file: Uint8Array, name = 'The file'): SavedRun {
  const { header, at, sumBytes } = readHeader(file, name);
  const parsed = v.safeParse(schema, header, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new DataError({
      what: `Invalid ${issue.path?.map(({ key }) => String(key)).join('.') ?? 'contents'} in ${name}`,
      found: issue.input,
      expected: issue.expected ?? issue.message,
      fix: 'take a file that wgrad has saved, as it was',
    });
  }
  const { tensors, statistics, watch, progress, learningRate, callbacks, ...run } = parsed.output;
  const { weights: ofWeights, moments: ofSlots, averages: ofAverages, zca: ofZca, units: ofUnits, best } = tensors;
  const all = [...ofWeights, ...ofSlots, ...ofAverages, ...ofZca, ...ofUnits, ...best];
  const expected = at + 4 * all.reduce((sum, length) => sum + length, 0) + sumBytes;
  if (file.length !== expected) {
    throw new DataError({
      what: `${name} is ${file.length < expected ? 'cut short' : 'longer than its header allows'}`,
      found: `${file.length} bytes`,
      expected: `${expected} bytes, because its header lists that many weights`,
      fix: 'save the run again',
    });
  }
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  let next = at;
  const take = (length: number) => {
    const words = new Uint32Array(length);
    for (let i = 0; i < length; i++, next += 4) words[i] = view.getUint32(next, true);
    return new Float32Array(words.buffer);
  };
  const weights = tensors.weights.map(take);
  const slots = tensors.moments.map(take);
  const averages = tensors.averages.map(take);
  const [zca] = tensors.zca.map(take);
  const [units] = tensors.units.map(take);
  const bestWeights = best.map(take);
  const snapshot: Snapshot = {
    weights,
    slots,
    ...(averages.length > 0 && { averages }),
    progress,
    learningRate,
    ...(statistics && { statistics: { ...statistics, ...(zca && { zca }) } }),
    ...(watch && units && { health: { units, watch } }),
    ...(callbacks && { callbacks: callbacks as CallbackStates }),
    ...(bestWeights.length > 0 && { bestWeights }),
  };
  check(run.options, snapshot, run.fit);
  requireProbesOf(run, name);
  return { ...run, snapshot };
}

/** Whoever shows a layer looks it up in every probe. */
function requireProbesOf({ options, history }: Pick<SavedRun, 'options' | 'history'>, name: string): void {
  const trained = compileModel(options.model).measured;
  const wrong = history.probes.find(({ layers }) => !trained.every((layer) => Object.hasOwn(layers, layer.name)));
  if (!wrong) return;
  throw new DataError({
    what: `${name} has probes of another model`,
    found: Object.keys(wrong.layers).join(', '),
    expected: trained.map((layer) => layer.name).join(', '),
    fix: 'take a file that wgrad has saved, as it was',
  });
}

/** Whether a file begins as a saved run does. */
export const isRun = (file: Uint8Array): boolean => new TextDecoder().decode(file.subarray(0, magic.length)) === magic;

/** The header, where it ends, and how many bytes of a sum end the file. */
function readHeader(file: Uint8Array, name: string): { header: unknown; at: number; sumBytes: number } {
  const decoder = new TextDecoder();
  if (file.length < preamble || !isRun(file)) {
    throw new DataError({
      what: `${name} is no run that wgrad has saved`,
      found: file.length < preamble ? `${file.length} bytes` : decoder.decode(file.subarray(0, magic.length)),
      expected: `a file that begins with ${magic}`,
    });
  }
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const is = view.getUint32(magic.length, true);
  if (is !== 1 && is !== version) {
    throw new DataError({
      what: `${name} has another version of the format`,
      found: is,
      expected: `1 or ${version}`,
      fix: is > version ? 'load it with the wgrad that saved it, or a later one' : 'save the run again',
    });
  }
  const hasSum = is > 1;
  const headerBytes = view.getUint32(magic.length + 4, true);
  const at = preamble + headerBytes;
  if (at > file.length) {
    throw new DataError({
      what: `${name} is cut short`,
      found: `${file.length} bytes`,
      expected: `${at} bytes of header and the weights after it`,
      fix: 'save the run again',
    });
  }
  if (hasSum) requireSum(file, view, name);
  try {
    const header = unpackNumbers(JSON.parse(decoder.decode(file.subarray(preamble, at))));
    return { header, at, sumBytes: hasSum ? sumBytes : 0 };
  } catch (error) {
    throw new DataError(
      {
        what: `The header of ${name} is no JSON`,
        found: String(error),
        fix: 'take a file that wgrad has saved, as it was',
      },
      { cause: error },
    );
  }
}

/** @throws DataError where a bit is another than the one that was written. */
function requireSum(file: Uint8Array, view: DataView, name: string): void {
  const end = file.length - sumBytes;
  const [found, expected] = [crc32c(file.subarray(0, end)), view.getUint32(end, true)];
  if (found === expected) return;
  throw new DataError({
    what: `${name} is damaged: it is cut short, or not all of its bits are those that were written`,
    found: `CRC-32C ${found.toString(16)}`,
    expected: expected.toString(16),
    fix: 'take another copy of it, or an earlier one',
  });
}

/** Options that can be trained with, and weights of their model. */
function check(options: TrainerOptions, { weights, bestWeights, learningRate }: Snapshot, fit: FitSettings = {}): void {
  fillLearningRate(learningRate);
  fillTrainerOptions(options);
  fillFitSettings(fit);
  const model = compileModel(options.model);
  copyWeights(model, weights);
  if (bestWeights) copyWeights(model, bestWeights);
}
