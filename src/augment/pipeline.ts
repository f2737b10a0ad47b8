import { parse } from '../check.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import { augmentationError } from './augmentation_error.ts';
import * as further from './further.ts';
import { generatorOps } from './generator_ops.ts';
import type { ImageDataGeneratorConfig } from './generator_options.ts';
import { type FeatureStatistics, type FilledGenerator, fillGenerator } from './image_data_generator.ts';
import { setFurtherAugmentation } from './loaded.ts';
import { isRecorded, type Op, type OpDefinition, type Picture, type PlacedOp, pairSteps } from './op.ts';
import type { OpConfig } from './op_options.ts';
import { definitions } from './ops/index.ts';
import { rescaleOp } from './ops/rescale.ts';

export type { OpConfig } from './op_options.ts';

/** Keras' ImageDataGenerator arguments, or a list of ops. */
export type AugmentationConfig = ImageDataGeneratorConfig | readonly OpConfig[];

/** An augmentation compiled for images of one shape. */
export interface Pipeline {
  ops: PlacedOp[];
  from: Picture;
  to: Picture;
  /** Number of words in a sample's record. */
  words: number;
  /**
   * Set if images are mixed with others: in a batch, the partners follow the images, and each record ends with the index of its
   * partner.
   */
  paired: boolean;
  /**
   * The filled-in arguments if this is an ImageDataGenerator. The sampled parameters are then one object with Keras' names, not a
   * list of ops.
   */
  generator?: FilledGenerator;
}

/** Purposes per op of a pipeline. The rest of the purpose number encodes the op's type and how many ops of that type precede it. */
const purposesEach = 256;
const occurrencesMost = 256;

/**
 * Validates an augmentation and compiles it for images of one shape.
 *
 * @param imageShape [height, width, channels] of the input images.
 * @param rescale factor of the output, unless the augmentation sets its own `rescale`.
 * @param statistics of the training images, if known; without them, ops that need them throw when they are run.
 * @throws ConfigurationError with the op or option and its path, what was found, what was expected, and the nearest known name.
 */
export function parseAugmentation(
  config: unknown,
  imageShape: readonly number[],
  { rescale = 1, statistics }: { rescale?: number; statistics?: FeatureStatistics } = {},
): Pipeline {
  const [height, width, channels] = imageShape as [number, number, number];
  const picture = { height, width, channels };
  if (!Array.isArray(config)) {
    const generator = fillGenerator(config, rescale);
    return { ...place(generatorOps(generator, picture, statistics), picture), generator };
  }
  const ops: Op[] = [];
  let from = picture;
  for (const [index, json] of config.entries()) {
    const op = at(index, () => compileOp(json, index + 1, from));
    ops.push(op);
    from = sizeAfter(op, from);
  }
  requirePairsLast(ops);
  if (rescale !== 1) ops.push(rescaleOp(rescale));
  return place(ops, picture);
}

/** Adds the op's index to an error thrown while it is processed. */
function at<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const { place = [] } = error.parts;
    throw new ConfigurationError({ ...error.parts, place: [index, ...place] }, { cause: error });
  }
}

function compileOp(json: unknown, position: number, picture: Picture): Op {
  const types = [...definitions.keys()];
  const type = (json as { type?: unknown } | null)?.type;
  const definition = typeof type === 'string' ? definitions.get(type) : undefined;
  if (!definition) {
    throw augmentationError({
      problem: 'the type is unknown',
      what: `op ${position} has an unknown type`,
      found: type ?? json,
      expected: `one of ${types.join(', ')}`,
      ...(typeof type === 'string' && { fix: suggest(type, types) }),
    });
  }
  const subject = `augmentation: op ${position} (${definition.type})`;
  const options = parse(definition.schema, json, subject);
  try {
    return { type: definition.type, ...(definition as OpDefinition).compile(options, picture) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const { what } = error.parts;
    throw new ConfigurationError({ ...error.parts, problem: what, what: `${subject}: ${what}` });
  }
}

/** Pairs are mixed after both images are finished, so no op can follow. */
function requirePairsLast(ops: readonly Op[]): void {
  const isPair = (op: Op) => pairSteps([op]).length > 0;
  const first = ops.findIndex(isPair);
  const after = first < 0 ? -1 : ops.findIndex((op, i) => i > first && !isPair(op));
  if (after < 0) return;
  throw augmentationError({
    problem: 'it has to come last',
    what: `${ops[first]!.type} has to come last`,
    found: `${ops[after]!.type} after it`,
    expected: 'mixUp and cutMix at the end of the list',
    place: [first],
  });
}

/** Assigns each op its offset in the record, its purposes and its input shape. */
function place(ops: readonly Op[], from: Picture): Pipeline {
  const placed: PlacedOp[] = [];
  let words = 0;
  let picture = from;
  for (const op of ops) {
    const before = placed.filter(({ code }) => code === op.code).length;
    if (before >= occurrencesMost) throw augmentationError({ what: `${op.type} occurs more than 256 times` });
    const to = sizeAfter(op, picture);
    const purpose = (op.code * occurrencesMost + before) * purposesEach;
    placed.push({ ...op, at: words, from: picture, to, purpose });
    if (isRecorded(op)) words += 1 + op.fields.length;
    picture = to;
  }
  const paired = pairSteps(placed).length > 0;
  return { ops: placed, from, to: picture, words: words + (paired ? 1 : 0), paired };
}

function sizeAfter(op: Op, from: Picture): Picture {
  return Object.assign({ ...from }, ...op.steps.map((step) => (step.kind === 'map' ? step.to : {})));
}

// This module is loaded on demand and registers the code that plans augmented batches.
/** The code that planning augmented batches needs. `loadAugmentation` takes it from here, since a bundler drops a module whose exports are unused. */
export const augmentationCode = { ...further, parseAugmentation };

setFurtherAugmentation(augmentationCode);
