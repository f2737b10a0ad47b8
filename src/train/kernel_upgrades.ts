import type { Dispatch } from '../gpu/recording.ts';
import { withFurtherVariants } from '../kernels/further_variants.ts';
import type { Engine } from './engine.ts';

/** The number of steps that every run computes with the kernels that it starts with, even if faster ones replace them later. */
export const stepsBeforeUpgrade = 64;

/**
 * Replaces the kernels that start a run with faster variants that take longer to compile. They are compiled while the run trains. Loaded
 * on demand, because a short run needs none of them.
 *
 * A run changes kernels at a fixed step, so its bits depend neither on the time that the compilation takes nor on where it was resumed.
 */
export class KernelUpgrades {
  readonly #dispatches: readonly Dispatch[];
  /** Copies of the dispatches as they were bound. */
  readonly #first: readonly Dispatch[];
  readonly #faster: Promise<readonly Dispatch[]>;
  #inUse: 'first' | 'faster' = 'first';

  /** Starts to compile the faster kernels. */
  constructor(engine: Engine) {
    this.#dispatches = engine.steps.upgradable.map(({ dispatch }) => dispatch);
    this.#first = this.#dispatches.map((dispatch) => ({ ...dispatch }));
    // If the driver cannot compile one of them, the run continues with the kernels that it has trained with so far.
    this.#faster = compileFaster(engine).catch(() => this.#first);
  }

  /** Makes all recordings use the faster kernels, or the first ones again. Submitted work is not affected. */
  async use(which: 'first' | 'faster'): Promise<void> {
    const kernels = which === 'faster' ? await this.#faster : this.#first;
    if (which === this.#inUse) return;
    this.#inUse = which;
    for (const [i, dispatch] of this.#dispatches.entries()) Object.assign(dispatch, kernels[i]!);
  }
}

const compileFaster = (engine: Engine): Promise<Dispatch[]> =>
  Promise.all(
    engine.steps.upgradable.map(async ({ launched: { kernel, shape }, buffers, dispatch: { layer } }) => ({
      ...(await engine.dispatch(withFurtherVariants(kernel), shape, buffers)),
      layer,
    })),
  );

/** Implements `Engine.useKernelsOfStep` for a network with kernels that can be upgraded. */
export async function useKernelsOfStep(engine: Engine, ahead: number): Promise<number> {
  const left = stepsBeforeUpgrade - engine.trainingSteps;
  if (left <= 0) {
    await upgradeKernels(engine);
    return Infinity;
  }
  await engine.upgrades?.use('first');
  if (left < ahead) engine.upgrades ??= new KernelUpgrades(engine);
  return left;
}

/** Makes the recordings use the kernels of a long run. */
export async function upgradeKernels(engine: Engine): Promise<void> {
  engine.upgrades ??= new KernelUpgrades(engine);
  await engine.upgrades.use('faster');
}
