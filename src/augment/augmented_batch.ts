import { ShaderError } from '../errors.ts';
import { denseForward, squareProduct } from '../kernels/dense.ts';
import { augmentationError } from './augmentation_error.ts';
import {
  type BatchDraft,
  type BatchMemory,
  type BatchSource,
  beginBatch,
  type Drafter,
  launchPixels,
} from './batch.ts';
import { isReading } from './kernels/augment.ts';
import { needText } from './kernels/augment_draw_text.ts';
import { augmentElasticBlur, augmentElasticNoise, elasticWeights } from './kernels/augment_elastic.ts';
import { augmentMix, augmentStatistics, augmentTables } from './kernels/augment_further.ts';
import { isAlways, type MatrixStep, type Need, type Op, pairSteps } from './op.ts';
import { type Pass, plainPass } from './passes.ts';
import type { Pipeline } from './pipeline.ts';
import { isPlainPipeline } from './plain.ts';
import { layOutputs, planPasses } from './plan_passes.ts';

/** Creates the buffers and dispatches that compute an augmented batch. */
export function draftAugmented<B, D>(
  drafter: Drafter<B, D>,
  pipeline: Pipeline,
  source: BatchSource<B>,
): BatchDraft<B, D> {
  const { memory } = drafter;
  const used = opsInUse(pipeline, source);
  const planned = isPlainPipeline(used)
    ? [plainPass(used.ops, used.from)]
    : planPasses(used.ops, used.from, source.plain ?? false);
  const begun = beginBatch(drafter, used, source, planned);
  const { shape, dispatches, passes, draws, maps, gathered } = begun;
  const { batch } = shape;

  const launchMatrix = ({ features, matrix }: MatrixStep, x: B, y: B) => {
    const shape = squareProduct(batch, features);
    return drafter.dispatch(denseForward, shape, { x, w: memory.upload('augment.matrix', matrix), y });
  };

  const planDisplacements = ({ to }: Pass, { op, step }: NonNullable<Pass['displaced']>): B => {
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

  const planPixels = ({ images: first, output }: NonNullable<BatchSource<B>['pixels']>) => {
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
        launchPixels(drafter, begun, source, pass, images, made[i]!, {
          ...(pass.maps.length > 0 && { maps: maps! }),
          ...(displacements && { displacements }),
          ...(isReading(pass) && { draws: draws! }),
          ...(statistics && { statistics }),
          ...(tables && { tables }),
          ...(pass.beside !== undefined && { beside: made[pass.beside]! }),
        }),
      );
    }
    if (used.paired) {
      const { labels, targets, weights } = source;
      const numeric = targets?.all !== undefined;
      dispatches.push(
        drafter.dispatch(
          augmentMix,
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
  const buffers = passes.length === 1 ? [0] : layOutputs(passes);
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
  const op = ops.find(({ missing }) => missing !== undefined);
  if (!op) return;
  throw augmentationError({ what: `${op.type} needs ${op.missing}`, fix: 'call fit first' });
}

/** Reports a compilation error in the user's preprocessingFunction as a ConfigurationError. */
export async function explainPreprocessingError<T>(
  pipeline: Pipeline,
  source: BatchSource,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { ops } = opsInUse(pipeline, source);
    if (!(error instanceof ShaderError) || !ops.some(({ type }) => type === 'preprocessing')) throw error;
    throw augmentationError(
      {
        what: `preprocessingFunction doesn't compile:\n${error.parts.what}`,
        expected: 'WGSL statements that return a pixel, of the type that `pixel` has',
        place: ['preprocessingFunction'],
      },
      { cause: error },
    );
  }
}
