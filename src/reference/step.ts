import { nadamProduct } from './nadam.ts';

/** The words of shaders/lib/state.wgsl, by the names used there. */
export type State = Readonly<Record<string, number>>;

/**
 * start, position = position, min(position + batch, samples);  count = position - start;  step = step + 1
 *
 * After a halt, the batch does not change.
 */
export function beginStep({ batch }: { batch: number }, { state }: { state: State }): { state: State } {
  const begun = { ...state, step: state.step! + 1, skip: 0 };
  if (state.halted) return { state: begun };
  const count = Math.min(batch, state.samples! - state.position!);
  return { state: { ...begun, start: state.position!, count, position: state.position! + count } };
}

export interface EndOfStep {
  beta1: number;
  beta2: number;
  /** Whether the momentum follows Nadam's schedule. */
  isScheduled?: boolean | undefined;
  /** Number of consecutive bad steps that halt the run. */
  badStepsToHalt: number;
  /** Whether the norm of all tensors together must be finite too. */
  global?: boolean | undefined;
}

/** The decision of gradient_norm_reduce about a step: skip if any gradient, squared norm or the loss isn't finite in float32. */
export function endStep(
  { beta1, beta2, isScheduled = false, badStepsToHalt, global = false }: EndOfStep,
  { state, loss, norms }: { state: State; loss: number; norms: readonly { squares: number; nonFinite: number }[] },
): { state: State; skipped: boolean } {
  const bad = norms.some(({ squares, nonFinite }) => nonFinite > 0 || !Number.isFinite(Math.fround(squares)));
  const all = norms.reduce((sum, { squares }) => sum + squares, 0);
  const skipped = bad || (global && !Number.isFinite(Math.fround(all))) || !Number.isFinite(loss);
  const decided = { ...state, skip: Number(skipped || state.halted !== 0) };
  if (state.halted) return { state: decided, skipped };
  if (skipped) {
    const inARow = state.bad_in_a_row! + 1;
    const halted = Number(Boolean(state.halt_at_once) || inARow >= badStepsToHalt);
    return { state: { ...decided, skipped: state.skipped! + 1, bad_in_a_row: inARow, halted }, skipped };
  }
  const updates = state.updates! + 1;
  return {
    state: {
      ...decided,
      bad_in_a_row: 0,
      updates,
      correction1: 1 - (isScheduled ? nadamProduct(beta1, updates) : beta1 ** updates),
      correction2: 1 - beta2 ** updates,
    },
    skipped,
  };
}
