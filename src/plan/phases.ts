/** Of a step. `forward` ends with the loss, which is computed with its gradient; `update` begins with the norms. */
export const phases = ['input', 'forward', 'backward', 'update'] as const;
export type Phase = (typeof phases)[number];

/** What a training step launches, planned or bound, as far as its order needs. */
interface PhasedSteps<D> {
  network: { training: { forward: readonly D[]; backward: readonly D[] } };
  training: { begin: D; loss: D; softLoss?: D; norms: readonly D[] };
  update: readonly D[];
  measurement?: { recording: readonly D[] };
}

/**
 * A training step in its phases, in their order.
 *
 * @param input what makes the batch.
 * @param soft its labels are shares of classes.
 */
export function phasesOf<D>(steps: PhasedSteps<D>, input: readonly D[], soft: boolean): Record<Phase, D[]> {
  const { network, training, update, measurement } = steps;
  return {
    input: [training.begin, ...input],
    forward: [...network.training.forward, soft ? training.softLoss! : training.loss],
    backward: [...network.training.backward],
    update: [...training.norms, ...update, ...(measurement?.recording ?? [])],
  };
}
