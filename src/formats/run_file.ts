import * as v from 'valibot';
import type { Finding } from '../data/findings.ts';
import type { ReadingOptions } from '../data/reading_options.ts';
import { DataError } from '../errors.ts';
import type { ProbeRecord, RunVerdict, Verdict } from '../health/health.ts';
import type { HealthTable } from '../health/health_table.ts';
import type { EpochRecord, StepRecord } from '../health/history.ts';
import type { PictureLevels } from '../image_source.ts';
import { packNumbers } from '../json_numbers.ts';
import { compileModel } from '../model/graph.ts';
import { fillLearningRate } from '../model/schedule.ts';
import type { PictureFit } from '../picture_fit.ts';
import type { CallbackStates } from '../train/callbacks/index.ts';
import { fillFitSettings } from '../train/fill_fit_settings.ts';
import { fillTrainerOptions } from '../train/fill_trainer_options.ts';
import type { FitSettings } from '../train/fit_settings.ts';
import type { Snapshot } from '../train/snapshot.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import { copyWeights } from '../train/weights.ts';
import { crc32c } from './crc32c.ts';
import { magic, preamble, readHeader, sumBytes, version } from './run_container.ts';
import { headerSchema } from './run_header.ts';

// A run in one file. All numbers are little-endian:
//
//     8 bytes   "wgradrun"
//     u32       version, 2
//     u32       bytes of the header
//     header    JSON in UTF-8, padded with spaces to a multiple of four bytes in the file
//     f32 ...   concatenated tensors: weights, optimizer slots ("moments"), averages, the whitening matrix, words of the
//               units that were positive, the weights of the best epoch; the header has the length of each
//     u32       CRC-32C of everything before it, which detects flipped bits and truncation
//
// Version 1 has no checksum.
//
// The file contains only data: nothing in it is executed, and names in it are treated as plain text.

/** The saved state of a run: its options, its history and its results. */
export interface SavedRun {
  /** The options of `createTrainer`. */
  options: TrainerOptions;
  /** The training data set. The images themselves are not in the file. */
  dataset: {
    /** Name of a built-in data set, or `'own'`. */
    name: string;
    /** Shape of every image. */
    imageShape: [height: number, width: number, channels: number];
    /** Class names. */
    classNames: string[];
    /** Names of the target values, for a data set with targets instead of classes. */
    targetNames?: string[];
    /** How pictures were fitted to the image size; `'cover'` if omitted. */
    pictureFit?: PictureFit;
    /** The range that 16-bit pictures were stretched from, if they were. */
    pictureLevels?: PictureLevels;
    /** Number of training images. */
    trainSamples: number;
    /** Number of validation images. */
    testSamples: number;
    /** Findings whose images were removed before the samples were counted. */
    clean?: Finding[];
    /** How the user's own files were read, if not by default. */
    reading?: ReadingOptions;
    /** Fingerprint of the images and their sample weights. Older files have none. */
    data?: string;
    /** Fingerprint of the training images' sample weights, if they have any. */
    sampleWeight?: string;
  };
  /** Planned number of epochs: a stopped run has fewer in its history. */
  epochs: number;
  /** Recorded history of the run. */
  history: {
    /** One record per epoch. */
    epochs: EpochRecord[];
    /** One record per step, without its health. */
    steps: StepRecord[];
    /** Changes of the layers' verdicts, in order. */
    verdicts: Verdict[];
    /** Older files have none. */
    runVerdicts?: RunVerdict[];
    /** Measurements of the probes, at the level `full`. */
    probes: ProbeRecord[];
    /** Condensed by healthTable from the steps' `health`, which takes kilobytes per step. Older files have none. */
    health?: HealthTable;
  };
  /** Weights, optimizer slots and counters: the state from which training resumes. */
  snapshot: Snapshot;
  /** The JSON options of `fit`. Older files have none. */
  fit?: FitSettings;
  /** Number of augmented samples of each validation image over which its predictions were averaged. */
  testTimeAugmentation?: number;
  /**
   * Host on which the command trained it: `chrome`, `firefox`, `dawn` or `deno`, with a description of its adapter. Runs of the
   * page and of older versions have none.
   */
  host?: { name: string; adapter: string };
}

/**
 * Serializes a run. Weights are preserved bit for bit.
 *
 * @throws ConfigurationError for options that are invalid or weights that don't belong to the model.
 */
export function formatRun(run: SavedRun): Uint8Array<ArrayBuffer> {
  const { options, dataset, epochs, history, snapshot, fit, testTimeAugmentation, host } = run;
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
    ...(host && { host }),
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
    // Copies words instead of floats, because a NaN's payload could be lost in a conversion to a number.
    const words = new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length);
    for (const word of words) {
      view.setUint32(at, word, true);
      at += 4;
    }
  }
  view.setUint32(at, crc32c(file.subarray(0, at)), true);
  return file;
}

/**
 * Parses a file written by formatRun, in this version or an older one, and validates its content.
 *
 * @param name of the file, for errors.
 * @throws DataError if the file is of another kind, truncated, modified or of a later version, or if its header is invalid;
 *   ConfigurationError for options that createTrainer would reject.
 */
export function parseRun(file: Uint8Array, name = 'The file'): SavedRun {
  const { header, at, sumBytes } = readHeader(file, name);
  const parsed = v.safeParse(headerSchema, header, { abortEarly: true });
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new DataError({
      what: `Invalid ${issue.path?.map(({ key }) => String(key)).join('.') ?? 'contents'} in ${name}`,
      found: issue.input,
      expected: issue.expected ?? issue.message,
      fix: 'use an unmodified file that wgrad has saved',
    });
  }
  const { tensors, statistics, watch, progress, learningRate, callbacks, ...run } = parsed.output;
  const { weights: ofWeights, moments: ofSlots, averages: ofAverages, zca: ofZca, units: ofUnits, best } = tensors;
  const all = [...ofWeights, ...ofSlots, ...ofAverages, ...ofZca, ...ofUnits, ...best];
  const expected = at + 4 * all.reduce((sum, length) => sum + length, 0) + sumBytes;
  if (file.length !== expected) {
    throw new DataError({
      what: `${name} is ${file.length < expected ? 'truncated' : 'longer than its header allows'}`,
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

/** Every probe must cover all layers, because displaying a layer looks it up in each of them. */
function requireProbesOf({ options, history }: Pick<SavedRun, 'options' | 'history'>, name: string): void {
  const trained = compileModel(options.model).measured;
  const wrong = history.probes.find(({ layers }) => !trained.every((layer) => Object.hasOwn(layers, layer.name)));
  if (!wrong) return;
  throw new DataError({
    what: `${name} has probes of another model`,
    found: Object.keys(wrong.layers).join(', '),
    expected: trained.map((layer) => layer.name).join(', '),
    fix: 'use an unmodified file that wgrad has saved',
  });
}

/** Requires options that can be trained with, and weights that belong to their model. */
function check(options: TrainerOptions, { weights, bestWeights, learningRate }: Snapshot, fit: FitSettings = {}): void {
  fillLearningRate(learningRate);
  fillTrainerOptions(options);
  fillFitSettings(fit);
  const model = compileModel(options.model);
  copyWeights(model, weights);
  if (bestWeights) copyWeights(model, bestWeights);
}
