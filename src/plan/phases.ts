/** Of a step. `forward` ends with the loss, which is computed with its gradient; `update` begins with the norms. */
export const phases = ['input', 'forward', 'backward', 'update'] as const;
export type Phase = (typeof phases)[number];

/** What a training step launches, planned or bound, as far as its order needs. */
interface PhasedSteps<D> {
  network: { training: { forward: readonly D[]; backward: readonly D[] } };
  training: { begin: D; norms: readonly D[] };
  update: readonly D[];
  measurement?: { recording: readonly D[] };
}

/**
 * A training step in its phases, in their order.
 *
 * @param input what makes the batch.
 * @param loss of the batch's labels.
 */
export function phasesOf<D>(steps: PhasedSteps<D>, input: readonly D[], loss: D): Record<Phase, D[]> {
  const { network, training, update, measurement } = steps;
  return {
    input: [training.begin, ...input],
    forward: [...network.training.forward, loss],
    backward: [...network.training.backward],
    update: [...training.norms, ...update, ...(measurement?.recording ?? [])],
  };
}

/** The loss of a state that fits a batch: its own with weights, or the state's against labels or shares. */
export const lossOf = <D>({ loss, softLoss }: { loss: D; softLoss?: D }, input: { soft: boolean; loss?: D }): D =>
  input.loss ?? (input.soft ? softLoss! : loss);
