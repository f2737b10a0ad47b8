import { ConfigurationError } from '../errors.ts';
import { type StoredBinding, withStorage } from '../gpu/half_storage.ts';
import { variantKey } from '../gpu/variants.ts';
import type { RecordReader } from '../health/records.ts';
import { placeMeasured } from './arenas.ts';
import { planLossScale, recordLossScale } from './dynamic_loss_scale.ts';
import { type LoweredGraph, type PlaceMeasured, planNetwork } from './network.ts';
import { BufferRef, type PlanBuffer, PlannedDispatch, type Planner, type TunableKernel } from './planner.ts';
import type { Settings } from './settings.ts';
import type { planSteps, StepPlan } from './steps.ts';

const largestScale = 2 ** 24;

/** Offsets of bindings are multiples of 256 bytes, also once an offset has been halved. */
const alignment = 512;

/**
 * The buffers that may hold halves, by their labels: outputs of layers and parts of such outputs, and their gradients. Statistics, partial
 * sums, positions of maxima and folded weights keep their format.
 */
const isActivation = ({ kind, label }: PlanBuffer) =>
  ['value', 'gradient', 'scratch'].includes(kind) && /\.(?:y|d[yz](?:_\d+)?|depthwise|partial_\d+)$/.test(label);

/**
 * The function that plans a step as the settings say. Fills in the default of `lossScale`.
 *
 * @throws ConfigurationError for an unknown storage, or a loss scale that is neither a power of two nor 'dynamic', or has no use.
 */
export function planningOf(settings: Settings, plan: typeof planSteps): typeof planSteps {
  const { activationStorage = 'float32', batchSize, lossScale } = settings;
  const isHalf = activationStorage === 'float16';
  if (activationStorage === 'float32' && lossScale === undefined) return plan;
  const powers = Array.from({ length: 25 }, (_, i) => 2 ** i);
  const scale = lossScale ?? powers.find((power) => power >= Math.min(64 * batchSize, largestScale))!;
  if (!isHalf || (scale !== 'dynamic' && !powers.includes(scale))) {
    throw new ConfigurationError({
      what: 'Invalid activationStorage or lossScale',
      found: { activationStorage, lossScale },
      expected:
        "activationStorage: 'float32' without lossScale, or 'float16' with a power of two from 1 to 2^24 or 'dynamic'",
    });
  }
  settings.lossScale = scale;
  return (planner, settings, reader) => planInHalves(plan, planner, settings, reader);
}

/** The buffers of a dispatch without those that only a faster kernel reads: runs with halves keep the kernels that they start with. */
const boundBy = ({ kernel, buffers }: PlannedDispatch) =>
  Object.entries(buffers).filter(([name]) => name in kernel.elements);

/**
 * Plans the steps with activations in float16. Further plans that use its buffers go through `planner.finish`.
 *
 * A tensor is stored as halves if all dispatches of the forward and the backward passes that bind it can be rewritten. The logits and their
 * gradient stay in float32, because the loss is computed from them.
 *
 * Gradients between layers are multiplied by `lossScale`, so that they don't underflow. The gradient of the loss itself is not: the
 * backward pass multiplies it when it is read. Gradients of parameters are divided again when they are written, and multiplied where the
 * backward pass reads them. Dispatches outside the backward pass, such as those that measure, divide the gradients that they read. So
 * everything but the backward pass sees gradients without the factor, which is a power of two and therefore exact in float32. With
 * `'dynamic'`, the factor is read from the state of training, which adapts it: see dynamic_loss_scale.ts.
 *
 * @param plan `planSteps`, which is not imported, because its file loads this one on demand.
 */
function planInHalves(plan: typeof planSteps, planner: Planner, settings: Settings, reader: RecordReader): StepPlan {
  const lossScale = settings.lossScale!;
  const [scale, inverse] = lossScale === 'dynamic' ? (['scale', 'inverse'] as const) : [lossScale, 1 / lossScale];
  const halves = new Set<PlanBuffer>();
  /** Gradients with the factor. */
  const scaled = new Set<PlanBuffer>();
  const logitsGradients = new Set<PlanBuffer>();
  const backwards = new Set<PlannedDispatch>();
  const finished = new Set<object>();
  let parameterGradients: PlanBuffer | undefined;

  const decide = (graphs: readonly LoweredGraph[]) => {
    const refused = new Set<PlanBuffer>();
    for (const { logits, logitsGradient, backward } of graphs) {
      refused.add(logits.buffer);
      refused.add(logitsGradient.buffer);
      logitsGradients.add(logitsGradient.buffer);
      for (const dispatch of backward) backwards.add(dispatch);
    }
    for (const dispatch of new Set(graphs.flatMap(({ forward, backward }) => [...forward, ...backward]))) {
      const { kernel } = dispatch;
      for (const [name, { buffer }] of boundBy(dispatch)) {
        if (buffer.kind === 'gradient' && !logitsGradients.has(buffer)) scaled.add(buffer);
        if (refused.has(buffer) || !isActivation(buffer)) continue;
        if (withStorage(kernel, [[name, { half: true, read: 1, write: 1 }]])) halves.add(buffer);
        else refused.add(buffer);
      }
    }
    for (const buffer of refused) halves.delete(buffer);
  };

  const place: PlaceMeasured = (planner, model, dispatches, measured, graphs) => {
    decide(graphs);
    for (const buffer of halves) buffer.size = Math.ceil(buffer.size / alignment) * alignment;
    // An arena holds tensors that are stored in one way.
    const all = [...measured.values, ...measured.deltas].map(({ ref }) => ref);
    const isAlike = (a: PlanBuffer, b: PlanBuffer) => [halves, scaled].every((set) => set.has(a) === set.has(b));
    const apart = all.map((ref) => ({
      writes: [ref],
      buffers: Object.fromEntries(Object.entries(all).filter(([, { buffer }]) => !isAlike(buffer, ref.buffer))),
    }));
    const arenas = placeMeasured(planner, model, [...dispatches, ...apart], measured);
    for (const set of [halves, scaled]) for (const { place } of [...set]) if (place) set.add(place.arena);
    for (const buffer of halves) {
      buffer.half = true;
      buffer.size /= 2;
      if (buffer.place) buffer.place.offset /= 2;
    }
    return arenas;
  };

  const storageOf = ({ bound, buffer }: BufferRef, isBackward: boolean): StoredBinding => {
    const isScaled = isBackward
      ? logitsGradients.has(buffer) || buffer === parameterGradients
      : scaled.has(bound.buffer);
    return {
      half: halves.has(bound.buffer),
      read: !isScaled ? 1 : isBackward ? scale : inverse,
      write: isBackward && buffer === parameterGradients ? inverse : 1,
    };
  };

  const inHalves = (ref: BufferRef): BufferRef => {
    const half = new BufferRef(ref.buffer, ref.label, ref.offset / 2, ref.size / 2);
    half.half = true;
    return half;
  };

  /** Rewrites the kernels of all dispatches that occur in `planned`, and replaces the ranges of buffers in float16. */
  const finish = (planned: object) => {
    if (finished.has(planned)) return;
    finished.add(planned);
    if (planned instanceof PlannedDispatch) {
      const storedIn = (dispatch: PlannedDispatch) =>
        boundBy(dispatch)
          .map(([name, ref]) => [name, storageOf(ref, backwards.has(planned))] as const)
          .filter(([, { half, read, write }]) => half || read !== 1 || write !== 1);
      for (const part of planned.parts) {
        const { kernel, shape } = part.launched;
        const stored = storedIn(part);
        // A variant that writes single numbers would keep some tensors in float32.
        const form: TunableKernel['form'] = (variant) =>
          withStorage(
            variant,
            stored.filter((one) => one[0] in variant.elements && withStorage(variant, [one])),
          )!;
        for (const tunable of [part.launched, planner.tunable.get(variantKey(kernel, shape))]) {
          if (tunable && stored.length) tunable.form ??= form;
        }
      }
      const stored = storedIn(planned);
      if (stored.length) planned.kernel = withStorage(planned.kernel, stored) ?? fail(planned);
      if (planned.kernel.elements.loss_scale) {
        Object.assign(planned, { buffers: { ...planned.buffers, loss_scale: steps.dynamicScale! } });
      }
      finish(planned.buffers);
      return;
    }
    for (const [key, part] of Object.entries(planned)) {
      // Their dispatches are planned later, for the size that they would have in float32.
      if (typeof part !== 'object' || !part || ArrayBuffer.isView(part) || key === 'dense') continue;
      if (!(part instanceof BufferRef)) finish(part);
      else if (!part.half && halves.has(part.bound.buffer)) Object.assign(planned, { [key]: inHalves(part) });
    }
  };

  if (lossScale === 'dynamic') recordLossScale(reader);
  const whole = plan(planner, settings, reader, (...[planner, model, batch, states]) => {
    const network = planNetwork(planner, model, batch, states, place);
    parameterGradients = network.gradients.all.buffer;
    return network;
  });
  // A loss that shares a launch with the backward pass would read its own gradient with the factor.
  const training = { ...whole.training, chains: undefined };
  // The faster kernels of long runs store activations as float32.
  const apart = { ...whole, training, upgradable: [], lossScale };
  const steps: StepPlan = lossScale === 'dynamic' ? planLossScale(planner, reader, apart, largestScale) : apart;
  finish(steps);
  planner.finish = finish;
  return steps;
}

function fail({ name, layer }: PlannedDispatch): never {
  throw new Error(`${name} of ${layer} can't use float16`);
}
