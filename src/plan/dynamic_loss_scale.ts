import type { RecordReader } from '../health/records.ts';
import { adaptLossScale, scaledStateWords } from '../kernels/loss_scale.ts';
import { BufferRef, type Planner } from './planner.ts';
import type { StepPlan } from './steps.ts';

/** The defaults of Keras' LossScaleOptimizer, and of PyTorch's GradScaler except for the initial scale, which is 2^16 there. */
const initialScale = 2 ** 15;
const growthInterval = 2000;

/** Where the scale is stored in the state of training: an offset at which a buffer can be bound. */
const scaleOffset = 256;

const recorded = new WeakSet<RecordReader>();

/**
 * Adds the loss scale to the records of a reader. Call it before planning, because it changes the size of a record. The reader is changed
 * rather than replaced, so that runs in float32 load no code for it; a plan that is made again with the same reader does not change it
 * again.
 */
export function recordLossScale(reader: RecordReader): void {
  if (recorded.has(reader)) return;
  recorded.add(reader);
  const at = reader.shape.words++;
  const read = reader.read.bind(reader);
  reader.read = (bytes, index, health) => {
    const record = read(bytes, index, health);
    const lossScale = new DataView(bytes).getFloat32(4 * (index * reader.shape.words + at), true);
    // Only training steps have a scale.
    if (!record || !lossScale) return record;
    record.lossScale = lossScale;
    if (record.skipped && lossScale > 1 && Number.isFinite(record.loss)) {
      record.lossScaleHalved = true;
      // The layer itself has no problem: the same gradient with half of the scale may be finite.
      delete record.health?.firstNonFinite;
    }
    return record;
  };
}

/**
 * Stores the loss scale after the fields of the state of training, so that everything that copies or restores this state includes it, and
 * adapts it at the end of each training step, when nothing reads the step's gradients any more.
 *
 * @param largest the largest scale.
 */
export function planLossScale(
  planner: Planner,
  { shape: record }: RecordReader,
  steps: StepPlan,
  largest: number,
): StepPlan & { dynamicScale: BufferRef } {
  const { state, records } = steps.training;
  const data = new Float32Array(scaledStateWords);
  data.set([initialScale, 1 / initialScale], scaleOffset / 4);
  Object.assign(state.buffer, { size: data.byteLength, data });
  Object.assign(state, { size: data.byteLength });
  const adapt = planner.dispatch(adaptLossScale, { record, growthInterval, largest }, { scaled: state, records });
  const { measurement, update } = steps;
  return {
    ...steps,
    ...(measurement
      ? { measurement: { ...measurement, recording: [...measurement.recording, adapt] } }
      : { update: [...update, adapt] }),
    dynamicScale: new BufferRef(state.buffer, 'training.loss_scale', scaleOffset, 16),
  };
}
