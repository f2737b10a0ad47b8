import { ConfigurationError, ShaderError } from '../errors.ts';
import type { Kernel } from '../gpu/kernel.ts';
import type { Slice } from '../gpu/memory.ts';
import type { Recorder } from '../gpu/recorder.ts';
import type { Recording } from '../gpu/recording.ts';
import { denseForward, squareProduct } from '../kernels/dense.ts';
import {
  type AugmentShape,
  augmentDraw,
  augmentPixels,
  gatherRows,
  hasRecords,
  isMapped,
  isReading,
  mapWords,
  type WindowShape,
} from './kernels/augment.ts';
import { furtherAugmentation } from './loaded.ts';
import { isAlways, type MatrixStep, type Need, type Op, pairSteps } from './op.ts';
import { type Pass, plainPass } from './passes.ts';
import type { Pipeline } from './pipeline.ts';
import { isPlainPipeline } from './plain.ts';

/**
 * Creates the buffers and dispatches of a batch. On a GPU this is a `Recorder`: buffers are slices and kernels compile in the
 * background. In a plan both are plain data.
 */
export interface Drafter<B, D> {
  readonly memory: BatchMemory<B>;
  dispatch<S>(kernel: Kernel<S>, shape: S, buffers: Record<string, B>): D;
}

interface BatchMemory<B> {
  /** Creates a buffer of `elements` 4-byte numbers. */
  storage(label: string, elements: number): B;
  /** Creates a buffer that is filled before its first use. */
  upload(label: string, data: ArrayBufferView): B;
}

/** The inputs and outputs of a batch. */
export interface BatchSource<B = Slice> {
  batch: number;
  state: B;
  order: B;
  /** Used entries of `order`: more than the number of images if each image is seen several times per epoch. */
  places: number;
  /** Number of images in the data set or in the call. */
  count: number;
  /** Labels of the data set; `order` then selects the samples. Without labels, slot n of the batch is image n. */
  labels?: { all: B; batch: B; bytes?: 1 | 2 };
  /**
   * Output buffer for the targets of the batch, [batch, classes], and their source: the mixed one-hot labels if images are mixed,
   * or the rows of `all`, [count, classes], which are mixed too.
   */
  targets?: { slice: B; classes: number; all?: B };
  /** Sample weights of the data set, [count], and the buffer for those of the batch. */
  weights?: { all: B; batch: B };
  /** Number of images from which partners are chosen; the whole data set by default. */
  partners?: number;
  /**
   * Records that are given instead of sampled: for the batch (`draws`), or for a whole epoch in the order of `order` (`listed`).
   */
  draws?: B;
  listed?: B;
  /** Applies only the ops that every image goes through, as validation does. */
  plain?: boolean;
  /** Fraction of the images that are augmented, 0 to 1. */
  probability?: number;
  /**
   * Set if only a window of the images is on the GPU; `order` then has two words per entry. `sourcesOf` creates the buffers for the
   * slots of a batch: the sample indices, the positions of the images in the window, and a buffer that holds both.
   */
  window?: WindowShape & { sourcesOf: (slots: number) => WindowSources<B> };
  /** All images as bytes or floats, and the output buffer for the batch. If omitted, only parameters and matrices are computed. */
  pixels?: { images: B; bytes: boolean; output: B };
}

/** For each slot of a batch, the sample index and the position of its image. */
export interface WindowSources<B> {
  all: B;
  samples: B;
  places: B;
  /** Offset of the positions in `all`, in words. */
  placesAt: number;
}

/** The dispatches that compute a batch, and the buffers that they fill. */
export interface BatchDraft<B, D> {
  dispatches: D[];
  passes: Pass[];
  draws?: B;
  maps?: B;
}

/** The batch draft on a GPU, ready to be replayed. */
export interface BatchPlan extends Omit<BatchDraft<Slice, never>, 'dispatches'> {
  recording: Recording;
}

/** Creates the kernels, buffers and bindings that compute a batch. */
export async function planBatch(recorder: Recorder, pipeline: Pipeline, source: BatchSource): Promise<BatchPlan> {
  const { dispatches, ...plan } = draftBatch(recorder, pipeline, source);
  const { ops } = opsInUse(pipeline, source);
  return { recording: await tellOfPreprocessing(ops, Promise.all(dispatches)), ...plan };
}

/** Creates the buffers and dispatches that compute a batch: with a `Recorder` on a GPU, with a planner as plain data. */
export function draftBatch<B, D>(drafter: Drafter<B, D>, pipeline: Pipeline, source: BatchSource<B>): BatchDraft<B, D> {
  const { memory } = drafter;
  const { plain = false } = source;
  const used = opsInUse(pipeline, source);
  // Partners take the slots after those of the images.
  const batch = used.paired ? 2 * source.batch : source.batch;
  const passes = isPlainPipeline(used)
    ? [plainPass(used.ops, used.from)]
    : furtherAugmentation().planPasses(used.ops, used.from, plain);
  const shape: AugmentShape = { pipeline: used, passes, batch, images: source.count };
  const { window } = source;
  const ofWindow = window?.sourcesOf(batch);
  const sources = ofWindow ? ofWindow.samples : memory.storage('augment.sources', batch);
  const recorded = hasRecords(used);
  const draws = recorded ? (source.draws ?? memory.storage('augment.draws', batch * used.words)) : undefined;
  const maps = isMapped(passes) ? memory.storage('augment.maps', batch * mapWords(passes) * 4) : undefined;

  const dispatches: D[] = [];
  dispatches.push(
    drafter.dispatch(
      augmentDraw,
      {
        ...shape,
        places: source.places,
        labelled: source.labels !== undefined,
        labelBytes: source.labels?.bytes ?? 1,
        records: source.draws ? 'given' : source.listed ? 'listed' : 'drawn',
        probability: plain ? 0 : (source.probability ?? 1),
        partners: source.partners ?? source.count,
        ...(window && { window: { ...window, placesAt: ofWindow!.placesAt } }),
      },
      {
        state: source.state,
        order: source.order,
        sources: ofWindow?.all ?? sources,
        ...(draws && { draws }),
        ...(maps && { maps }),
        ...(recorded && source.listed && { listed: source.listed }),
        ...(source.labels && { labels: source.labels.all, batch_labels: source.labels.batch }),
      },
    ),
  );

  /**
   * Gathers the rows of a table of all samples for the images and their partners. The rows are mixed later, so they go into an
   * intermediate buffer.
   */
  const gather = (name: string, all: B, width: number, output: B): B => {
    const y = used.paired ? memory.storage(`${name}.pairs`, batch * width) : output;
    const shape = { slots: batch, rows: source.count, width };
    dispatches.push(drafter.dispatch(gatherRows, shape, { x: all, sources, y }));
    return y;
  };
  const { targets: ofBatch, weights } = source;
  const gathered = {
    ...(ofBatch?.all !== undefined && { pairs: gather('targets', ofBatch.all, ofBatch.classes, ofBatch.slice) }),
    ...(weights && { pair_weights: gather('weights', weights.all, 1, weights.batch) }),
  };

  const launchMatrix = ({ features, matrix }: MatrixStep, x: B, y: B) => {
    const shape = squareProduct(batch, features);
    return drafter.dispatch(denseForward, shape, { x, w: memory.upload('augment.matrix', matrix), y });
  };

  const planDisplacements = ({ to }: Pass, { op, step }: NonNullable<Pass['displaced']>): B => {
    const { augmentElasticBlur, augmentElasticNoise, elasticWeights } = furtherAugmentation();
    const shape = { op, step, picture: to, batch, words: used.words };
    const [noise, smoothed] = ['noise', 'smoothed'].map((name) =>
      memory.storage(`augment.${name}`, 2 * batch * to.height * to.width),
    ) as [B, B];
    const blur = (along: 'rows' | 'columns', x: B, y: B) => {
      const weights = memory.upload(`augment.weights_${along}`, elasticWeights(step, along));
      dispatches.push(drafter.dispatch(augmentElasticBlur, { ...shape, along }, { x, weights, draws: draws!, y }));
    };
    dispatches.push(drafter.dispatch(augmentElasticNoise, shape, { draws: draws!, y: noise }));
    blur('rows', noise, smoothed);
    // The noise is no longer needed, so its buffer is reused.
    blur('columns', smoothed, noise);
    return noise;
  };

  const planPixels = ({ images: first, bytes, output }: NonNullable<BatchSource<B>['pixels']>) => {
    const made = outputsOf(passes, batch, memory, used.paired ? undefined : output);
    for (const [i, pass] of passes.entries()) {
      const images = pass.reads < 0 ? first : made[pass.reads]!;
      if (pass.matrix) {
        dispatches.push(launchMatrix(pass.matrix, images, made[i]!));
        continue;
      }
      const picture = { ...pass.from, batch };
      const statistics = pass.statistics
        ? memory.storage('augment.statistics', batch * picture.channels * 4)
        : undefined;
      const tables = pass.tables ? memory.storage('augment.tables', batch * picture.channels * 64) : undefined;
      const displacements = pass.displaced && planDisplacements(pass, pass.displaced);
      const know = (of: Need['of'], about: B) => {
        const { augmentStatistics, augmentTables, needText } = furtherAugmentation();
        const kernel = of === 'statistics' ? augmentStatistics : augmentTables;
        const text = needText(pass, of);
        const needed = text === undefined ? undefined : { text, words: used.words };
        return drafter.dispatch(
          kernel,
          { ...picture, needed },
          { images, [of]: about, ...(needed && { draws: draws! }) },
        );
      };
      if (statistics) dispatches.push(know('statistics', statistics));
      if (tables) dispatches.push(know('tables', tables));
      dispatches.push(
        drafter.dispatch(
          augmentPixels,
          { ...shape, pass, reads: pass.reads >= 0 ? 'pass' : bytes ? 'bytes' : 'floats', ...(window && { window }) },
          {
            images,
            y: made[i]!,
            ...(pass.reads < 0 && { sources: ofWindow?.places ?? sources }),
            ...(pass.maps.length > 0 && { maps: maps! }),
            ...(displacements && { displacements }),
            ...(isReading(pass) && { draws: draws! }),
            ...(statistics && { statistics }),
            ...(tables && { tables }),
            ...(pass.beside !== undefined && { beside: made[pass.beside]! }),
          },
        ),
      );
    }
    if (used.paired) {
      const { labels, targets } = source;
      const numeric = targets?.all !== undefined;
      dispatches.push(
        drafter.dispatch(
          furtherAugmentation().augmentMix,
          {
            pipeline: used,
            batch: source.batch,
            ...(targets && { classes: targets.classes, numeric, weighted: weights !== undefined }),
          },
          {
            images: made.at(-1)!,
            draws: draws!,
            y: output,
            ...(targets && !numeric && { labels: labels!.batch }),
            ...(targets && { targets: targets.slice }),
            ...gathered,
            ...(weights && { weights: weights.batch }),
          },
        ),
      );
    }
  };
  if (source.pixels) {
    requireNothing(used.ops);
    planPixels(source.pixels);
  }
  return { dispatches, passes, ...(draws !== undefined && { draws }), ...(maps !== undefined && { maps }) };
}

/** Chooses the output buffer of each pass: `output`, if given, for the last pass, and as few buffers as possible for the others. */
function outputsOf<B>(passes: readonly Pass[], batch: number, memory: BatchMemory<B>, output?: B): B[] {
  const buffers = passes.length === 1 ? [0] : furtherAugmentation().layOutputs(passes);
  const sizes = new Map<number, number>();
  passes.forEach(({ to }, i) => {
    if (output && i === passes.length - 1) return;
    const buffer = buffers[i]!;
    sizes.set(buffer, Math.max(sizes.get(buffer) ?? 0, batch * to.height * to.width * to.channels));
  });
  const slices = new Map([...sizes].map(([i, elements]) => [i, memory.storage(`augment.images_${i}`, elements)]));
  return buffers.map((buffer, i) => (output && i === passes.length - 1 ? output : slices.get(buffer)!));
}

/** Removes ops without effect. For unaugmented images, only the ops that decode or resize the image remain. */
function opsInUse(pipeline: Pipeline, { plain, pixels, draws, listed }: Partial<BatchSource<unknown>>): Pipeline {
  if (plain) return { ...pipeline, ops: pipeline.ops.filter(isForEveryImage), paired: false };
  // A call that only returns parameters, or provides its own records, keeps all ops.
  return pixels && !draws && !listed ? { ...pipeline, ops: pipeline.ops.filter((op) => !isStill(op)) } : pipeline;
}

/** Whether any op applies to training images only, rather than to every image. */
export const isAugmenting = ({ ops }: Pipeline): boolean => ops.some((op) => !isForEveryImage(op) && !isStill(op));

const isForEveryImage = ({ steps }: Op): boolean =>
  steps.some((step) => isAlways(step) || (step.kind === 'map' && step.to !== undefined));

/**
 * Whether an op can be removed because it is never applied or samples only the identity. Ops that mix pairs are kept because
 * partners occupy slots.
 */
const isStill = (op: Op): boolean =>
  pairSteps([op]).length === 0 &&
  (op.p === 0 ||
    (op.fields.length > 0 &&
      !op.steps.some((step) => step.kind === 'map' && step.to) &&
      op.fields.every(({ draw, identity = 0 }) => draw?.from === 'constant' && draw.value === identity)));

/** Throws if an op lacks data that it needs to run, such as statistics of the training images. */
function requireNothing(ops: readonly Op[]): void {
  const op = ops.find(({ wanting }) => wanting !== undefined);
  if (!op) return;
  throw new ConfigurationError({ what: `augmentation: ${op.type} lacks something`, expected: op.wanting });
}

/** Reports a compilation error in the user's preprocessingFunction as a ConfigurationError. */
async function tellOfPreprocessing<T>(ops: readonly Op[], work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ShaderError) || !ops.some(({ type }) => type === 'preprocessing')) throw error;
    throw new ConfigurationError(
      {
        what: `augmentation: preprocessingFunction doesn't compile:\n${error.parts.what}`,
        expected: 'WGSL statements that return a pixel, of the type that `pixel` has',
        place: ['preprocessingFunction'],
      },
      { cause: error },
    );
  }
}
