import { ConfigurationError, suggest } from '../errors.ts';
import { type Field, isRecorded, type PlacedOp, pairSteps } from './op.ts';
import type { Pipeline } from './pipeline.ts';

/** The sampled parameters of one op in a list: its type, whether it is applied to the image, and its fields. */
export type OpParameters = { type: string; applied?: boolean } & Record<string, number | boolean | string | undefined>;

/** 3 x 3 matrix, row by row, from an output pixel (column, row, 1) to its sampling position in the input. */
export type Matrix = number[][];

/** The sampled parameters of the partner that an image is mixed with. */
export interface PartnerParameters {
  /** Index of the partner in the data set. */
  sample: number;
  /** Parameters of each op. */
  ops: OpParameters[];
}

interface Geometry {
  /** Product of the matrices of all geometric transforms. `draw` returns it and its inverse; `apply` ignores both. */
  matrix?: Matrix;
  /** Maps a point of the original image to the output. */
  inverse?: Matrix;
}

/** The parameters sampled by an ImageDataGenerator for one image, under Keras' names. Missing ones are the identity. */
export interface ImageDataGeneratorParameters extends Geometry {
  /** Rotation in degrees; positive values rotate the picture counterclockwise. */
  theta: number;
  /** Shift of the sampling position downwards, in pixels (heightShiftRange). */
  tx: number;
  /** Shift of the sampling position to the right, in pixels (widthShiftRange). */
  ty: number;
  /** Shear in degrees. */
  shear: number;
  /** Zoom of the columns; values below 1 magnify. */
  zx: number;
  /** Zoom of the rows. */
  zy: number;
  /** Whether the image is mirrored left to right. */
  flipHorizontal: boolean;
  /** Whether the image is mirrored top to bottom. */
  flipVertical: boolean;
  /** Gray levels added to all channels; omitted if there is no channel shift. */
  channelShiftIntensity?: number;
  /** Brightness factor; omitted if brightness is not changed. */
  brightness?: number;
}

/** The parameters sampled by a list of ops for one image. */
export interface PipelineParameters extends Geometry {
  /** The parameters of each op, in the order of the pipeline. */
  ops: OpParameters[];
  /** With mixUp or cutMix: the partner image, and the parameters of the ops applied to it first. */
  partner?: PartnerParameters;
}

/** The sampled parameters of one image, as plain JSON. */
export type SampleParameters = Partial<ImageDataGeneratorParameters> | PipelineParameters;

/** The warp is always present; the generator's other ops are present only if their options are set. */
const generatorCode = 0;

const geometryNames = ['matrix', 'inverse'];

/** Decodes the records of a batch. */
export function unpackParameters(
  pipeline: Pipeline,
  records: Float32Array,
  index: number,
  count: number,
): SampleParameters {
  const recorded = pipeline.ops.filter(isRecorded);
  const ops = unpackOps(recorded, recordOf(pipeline, records, index));
  if (pipeline.paired) {
    const sample = recordOf(pipeline, records, index).at(-1)!;
    const alone = recorded.filter((op) => pairSteps([op]).length === 0);
    return { ops, partner: { sample, ops: unpackOps(alone, recordOf(pipeline, records, count + index)) } };
  }
  if (!pipeline.generator) return { ops };
  // Keras has None for a shift and a brightness that are not applied.
  const { type, applied, ...parameters } = Object.assign({}, ...ops.filter(({ applied }) => applied));
  return parameters;
}

const recordOf = ({ words }: Pipeline, records: Float32Array, index: number): Float32Array =>
  records.subarray(index * words, (index + 1) * words);

function unpackOps(ops: readonly PlacedOp[], words: Float32Array): OpParameters[] {
  return ops.map((op) => {
    const fields = op.fields.map((field, i) => [field.name, show(field, words[op.at + 1 + i]!)] as const);
    return { type: op.type, applied: words[op.at] !== 0, ...Object.fromEntries(fields) };
  });
}

function show({ as }: Field, value: number): number | boolean | string {
  if (as === 'boolean') return value !== 0;
  return as ? as[value]! : value;
}

/**
 * Encodes the records of a batch. Single parameters of an ImageDataGenerator and single ops of a list may be omitted; they default
 * to the identity. An op that is listed is applied unless `applied` is false.
 *
 * @throws ConfigurationError for an unknown name, op or value.
 */
export function packParameters(pipeline: Pipeline, given: readonly SampleParameters[]): Float32Array {
  // With pairs, the partners' records follow those of the images.
  const records = new Float32Array(given.length * pipeline.words * (pipeline.paired ? 2 : 1));
  const recorded = pipeline.ops.filter(isRecorded);
  given.forEach((parameters, index) => {
    if (typeof parameters !== 'object' || parameters === null) {
      throw new ConfigurationError({
        what: `The parameters of image ${index} are invalid`,
        found: parameters,
        expected: pipeline.generator ? `an object with some of ${namesOf(recorded).join(', ')}` : '{ ops: [...] }',
      });
    }
    const record = recordOf(pipeline, records, index);
    if (pipeline.generator) packObject(recorded, parameters as Record<string, unknown>, record, index);
    else packList(recorded, parameters as PipelineParameters, record, index);
    const { partner } = parameters as PipelineParameters;
    if (!pipeline.paired || !partner) return;
    record[pipeline.words - 1] = partner.sample;
    packList(recorded, { ops: partner.ops }, recordOf(pipeline, records, given.length + index), index);
  });
  return records;
}

const namesOf = (ops: readonly PlacedOp[]) => ops.flatMap(({ fields }) => fields.map(({ name }) => name));

function packObject(ops: readonly PlacedOp[], given: Record<string, unknown>, record: Float32Array, index: number) {
  requireKnown(`The parameters of image ${index} have no`, given, [...namesOf(ops), ...geometryNames]);
  for (const op of ops) {
    const isGiven = op.fields.some(({ name }) => given[name] !== undefined);
    packOp(op, given, isGiven || op.code === generatorCode, record, `image ${index}`);
  }
}

function packList(ops: readonly PlacedOp[], given: PipelineParameters, record: Float32Array, index: number) {
  requireKnown(`The parameters of image ${index} have no`, { ...given }, ['ops', 'partner', ...geometryNames]);
  const list = given.ops ?? [];
  let next = 0;
  for (const [position, op] of list.entries()) {
    const at = ops.findIndex(({ type }, i) => i >= next && type === op?.type);
    if (at < 0) {
      throw new ConfigurationError({
        what: `The parameters of image ${index}: op ${position + 1} is not one of the pipeline's remaining ops`,
        found: op?.type ?? op,
        expected:
          ops
            .slice(next)
            .map(({ type }) => type)
            .join(', ') || 'no more ops',
      });
    }
    for (const skipped of ops.slice(next, at)) packOp(skipped, {}, false, record, '');
    const { type, applied = true, ...fields } = op;
    const where = `image ${index}, op ${position + 1} (${type})`;
    requireKnown(`The parameters of ${where} have no`, fields, namesOf([ops[at]!]));
    packOp(ops[at]!, fields, applied !== false, record, where);
    next = at + 1;
  }
  for (const skipped of ops.slice(next)) packOp(skipped, {}, false, record, '');
}

function requireKnown(what: string, given: object, known: readonly string[]) {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    throw new ConfigurationError({
      what: `${what} ${name}`,
      found: name,
      expected: known.join(', '),
      fix: suggest(name, known),
    });
  }
}

function packOp(op: PlacedOp, given: object, applied: boolean, record: Float32Array, where: string): void {
  record[op.at] = applied ? 1 : 0;
  op.fields.forEach((field, i) => {
    const value = (given as Record<string, unknown>)[field.name];
    record[op.at + 1 + i] = value === undefined ? (field.identity ?? 0) : read(field, value, where);
  });
}

function read({ name, as }: Field, value: unknown, where: string): number {
  if (as === 'boolean') {
    if (typeof value === 'boolean' || value === 0 || value === 1) return Number(value);
    throw new ConfigurationError({ what: `${name} of ${where} is invalid`, found: value, expected: 'a boolean' });
  }
  if (as) {
    const index = as.indexOf(value as string);
    if (index >= 0) return index;
    throw new ConfigurationError({
      what: `${name} of ${where} is invalid`,
      found: value,
      expected: as.join(', '),
      fix: suggest(String(value), as),
    });
  }
  if (typeof value !== 'number') {
    throw new ConfigurationError({ what: `${name} of ${where} is invalid`, found: value, expected: 'a number' });
  }
  if (Number.isFinite(value)) return value;
  throw new ConfigurationError({ what: `${name} of ${where} is not finite`, found: value, expected: 'a number' });
}

/** Removes the ops that have no effect under any of these records, so that no pass is spent on them. */
export function withoutIdle(pipeline: Pipeline, records: Float32Array): Pipeline {
  const count = records.length / pipeline.words;
  const isIdle = (op: PlacedOp) =>
    isRecorded(op) &&
    pairSteps([op]).length === 0 &&
    !op.steps.some((step) => step.kind === 'map' && step.to) &&
    Array.from({ length: count }, (_, n) => recordOf(pipeline, records, n)).every(
      (record) =>
        record[op.at] === 0 ||
        (op.code === generatorCode && op.fields.every(({ identity = 0 }, i) => record[op.at + 1 + i] === identity)),
    );
  return { ...pipeline, ops: pipeline.ops.filter((op) => !isIdle(op)) };
}
