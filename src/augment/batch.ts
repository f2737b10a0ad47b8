import type { Kernel } from '../gpu/kernel.ts';
import type { Slice } from '../gpu/memory.ts';
import type { Recorder } from '../gpu/recorder.ts';
import type { Recording } from '../gpu/recording.ts';
import {
  type AugmentShape,
  augmentDraw,
  augmentPixels,
  gatherRows,
  hasRecords,
  isMapped,
  mapWords,
  type WindowShape,
} from './kernels/augment.ts';
import { furtherAugmentation } from './loaded.ts';
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

export interface BatchMemory<B> {
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
  samplesPerEpoch: number;
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
  const made = Promise.all(dispatches);
  const recording = await (isPlainPipeline(pipeline)
    ? made
    : furtherAugmentation().explainPreprocessingError(pipeline, source, made));
  return { recording, ...plan };
}

/** Creates the buffers and dispatches that compute a batch: with a `Recorder` on a GPU, with a planner as plain data. */
export function draftBatch<B, D>(drafter: Drafter<B, D>, pipeline: Pipeline, source: BatchSource<B>): BatchDraft<B, D> {
  if (!isPlainPipeline(pipeline)) return furtherAugmentation().draftAugmented(drafter, pipeline, source);
  const pass = plainPass(pipeline.ops, pipeline.from);
  const begun = beginBatch(drafter, pipeline, source, [pass]);
  const { dispatches, passes } = begun;
  const { pixels } = source;
  if (pixels) dispatches.push(launchPixels(drafter, begun, source, pass, pixels.images, pixels.output));
  return { dispatches, passes };
}

/** The first dispatches of a batch: they select its samples and draw the random numbers of its ops. */
export interface BegunBatch<B, D> extends BatchDraft<B, D> {
  /** Sizes of the batch, including the slots of partners. */
  shape: AugmentShape;
  /** The position of each slot's image. */
  places: B;
  /** Targets and sample weights of images and partners that are not mixed yet. */
  gathered: { pairs?: B; pair_weights?: B };
}

/** Creates the first dispatches of a batch. @param pipeline only has ops that are applied. */
export function beginBatch<B, D>(
  drafter: Drafter<B, D>,
  pipeline: Pipeline,
  source: BatchSource<B>,
  passes: Pass[],
): BegunBatch<B, D> {
  const { memory } = drafter;
  // Partners take the slots after those of the images.
  const batch = pipeline.paired ? 2 * source.batch : source.batch;
  const shape: AugmentShape = { pipeline, passes, batch, images: source.count };
  const { window } = source;
  const ofWindow = window?.sourcesOf(batch);
  const sources = ofWindow ? ofWindow.samples : memory.storage('augment.sources', batch);
  const recorded = hasRecords(pipeline);
  const draws = recorded ? (source.draws ?? memory.storage('augment.draws', batch * pipeline.words)) : undefined;
  const maps = isMapped(passes) ? memory.storage('augment.maps', batch * mapWords(passes) * 4) : undefined;

  const dispatches = [
    drafter.dispatch(
      augmentDraw,
      {
        ...shape,
        samplesPerEpoch: source.samplesPerEpoch,
        labelled: source.labels !== undefined,
        labelBytes: source.labels?.bytes ?? 1,
        records: source.draws ? 'given' : source.listed ? 'listed' : 'drawn',
        probability: source.plain ? 0 : (source.probability ?? 1),
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
  ];

  /**
   * Gathers the rows of a table of all samples for the images and their partners. The rows are mixed later, so they go into an
   * intermediate buffer.
   */
  const gather = (name: string, all: B, width: number, output: B): B => {
    const y = pipeline.paired ? memory.storage(`${name}.pairs`, batch * width) : output;
    const shape = { slots: batch, rows: source.count, width };
    dispatches.push(drafter.dispatch(gatherRows, shape, { x: all, sources, y }));
    return y;
  };
  const { targets: ofBatch, weights } = source;
  const gathered = {
    ...(ofBatch?.all !== undefined && { pairs: gather('targets', ofBatch.all, ofBatch.classes, ofBatch.slice) }),
    ...(weights && { pair_weights: gather('weights', weights.all, 1, weights.batch) }),
  };
  return {
    ...{ shape, dispatches, passes, places: ofWindow?.places ?? sources, gathered },
    ...(draws !== undefined && { draws }),
    ...(maps !== undefined && { maps }),
  };
}

/** Creates the dispatch of one pass over the images of a batch. @param more the buffers that only an augmented pass binds. */
export function launchPixels<B, D>(
  drafter: Drafter<B, D>,
  { shape, places }: BegunBatch<B, D>,
  { window, pixels }: BatchSource<B>,
  pass: Pass,
  images: B,
  y: B,
  more: Record<string, B> = {},
): D {
  return drafter.dispatch(
    augmentPixels,
    { ...shape, pass, reads: pass.reads >= 0 ? 'pass' : pixels?.bytes ? 'bytes' : 'floats', ...(window && { window }) },
    { images, y, ...(pass.reads < 0 && { sources: places }), ...more },
  );
}
