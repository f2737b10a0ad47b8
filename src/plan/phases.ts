import type { Accumulation } from './accumulation.ts';

/** The phases of a step. `forward` ends with the loss and its gradient; `update` begins with the norms. */
export const phases = ['input', 'forward', 'backward', 'update'] as const;
/** A phase of a training step: `'input'`, `'forward'`, `'backward'` or `'update'`. */
export type Phase = (typeof phases)[number];

/** A loss that shares a launch with dispatches before and after it. */
export interface LossChain<D> {
  /** The loss alone. */
  of: D;
  /** The whole forward pass, which ends with the shared launch. */
  forward: readonly D[];
  /** The rest of the backward pass. */
  backward: readonly D[];
}

/** The dispatches of a training step, planned or bound. */
interface PhasedSteps<D> {
  network: { training: { forward: readonly D[]; backward: readonly D[] } };
  training: { begin: D; norms: readonly D[]; chains?: readonly LossChain<D>[] | undefined };
  update: readonly D[];
  measurement?: { recording: readonly D[] };
}

/**
 * The phases of a training step of one batch, in order; with accumulation, those of a micro-batch and the update.
 *
 * @param input the dispatches that produce the batch.
 * @param loss for the batch's labels.
 * @param chains used where the loss has one.
 */
export function phasesOf<D>(
  { network, training, update, measurement }: PhasedSteps<D>,
  input: readonly D[],
  loss: D,
  chains = training.chains,
): Record<Phase, readonly D[]> {
  const apart = network.training;
  const { forward, backward } = chains?.find(({ of }) => of === loss) ?? {
    ...apart,
    forward: [...apart.forward, loss],
  };
  return {
    input: [training.begin, ...input],
    forward,
    backward,
    update: [...training.norms, ...update, ...(measurement?.recording ?? [])],
  };
}

/**
 * The loss that fits a batch: the batch's own if samples have weights, otherwise the state's loss for labels or for soft
 * labels.
 */
export const lossOf = <D>({ loss, softLoss }: { loss: D; softLoss?: D }, input: { soft: boolean; loss?: D }): D =>
  input.loss ?? (input.soft ? softLoss! : loss);

/** The phases of a micro-batch. */
type Pass = Record<'input' | 'forward' | 'backward', readonly unknown[]>;
type PassOf<D> = { [P in keyof Pass]: readonly D[] };

/** The dispatches of each micro-batch of a step; a single one without accumulation. `input` starts with `begin_step`. */
export function microBatchesOf<D>(pass: PassOf<D>, accumulation: Accumulation<D> | undefined): PassOf<D>[] {
  const { input, forward, backward } = pass;
  if (!accumulation) return [{ input, forward, backward }];
  const { steps, next, after } = accumulation;
  return Array.from({ length: steps }, (_, i) => ({
    input: i === 0 ? input : [next, ...input.slice(1)],
    forward,
    backward: [...backward, ...(i === 0 ? after.first : i < steps - 1 ? after.middle : after.last)],
  }));
}

/** A training step's dispatches in execution order, each with its phase. */
export function stepOf<D>(
  { update, ...pass }: Record<Phase, readonly D[]>,
  accumulation: Accumulation<D> | undefined,
): { phase: Phase; dispatch: D }[] {
  const passes = microBatchesOf(pass, accumulation).flatMap(({ input, forward, backward }) =>
    Object.entries({ input, forward, backward }),
  ) as [Phase, readonly D[]][];
  return [...passes, ['update', update] as const].flatMap(([phase, dispatches]) =>
    dispatches.map((dispatch) => ({ phase, dispatch })),
  );
}
