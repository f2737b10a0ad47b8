import type { Traits } from '../gpu/device.ts';
import type { Dispatch } from '../gpu/recording.ts';
import { upgradeOf } from '../kernels/further_variants.ts';
import type { TunableKernel } from '../plan/planner.ts';
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
    const { network, upgradable } = engine.steps;
    const labels = unreadLabels(upgradable, engine.gpu.traits);
    const unread = [...network.training.backward, ...network.gradient.backward].filter(({ writes }) =>
      labels.has(writes[0]!),
    );
    this.#dispatches = [...upgradable.map(({ dispatch }) => dispatch), ...unread];
    this.#first = this.#dispatches.map((dispatch) => ({ ...dispatch }));
    // If the driver cannot compile one of them, the run continues with the kernels that it has trained with so far.
    this.#faster = compileFaster(engine, unread).catch(() => this.#first);
  }

  /** Makes all recordings use the faster kernels, or the first ones again. Submitted work is not affected. */
  async use(which: 'first' | 'faster'): Promise<void> {
    const kernels = which === 'faster' ? await this.#faster : this.#first;
    if (which === this.#inUse) return;
    this.#inUse = which;
    for (const [i, dispatch] of this.#dispatches.entries()) Object.assign(dispatch, kernels[i]!);
  }
}

/** An upgradable dispatch, planned or bound. */
type Upgradable<B> = { launched: TunableKernel; buffers: Readonly<Record<string, B>> };

/**
 * The faster kernel of an upgradable dispatch, its shape, and the buffers that it binds. If the gradient of a pool's output is among those of
 * the dispatch, as `pooled`, it may read this gradient and `argmax` instead of `dy`.
 */
export function fasterKernel<B>({ launched, buffers }: Upgradable<B>, traits: Traits) {
  const { pooled, ...own } = buffers;
  const faster = upgradeOf(launched.kernel, launched.shape, traits, pooled !== undefined);
  if (pooled === undefined) return { ...faster, buffers: own as Record<string, B> };
  const { argmax, ...whole } = own;
  return { ...faster, buffers: (faster.shape.pooledGradient ? { ...own, dy: pooled } : whole) as Record<string, B> };
}

/** Labels of the buffers that the faster kernels no longer read, so that nothing has to write them: the expanded gradients of pools. */
export function unreadLabels(upgradable: readonly Upgradable<{ label: string }>[], traits: Traits): Set<string> {
  return new Set(
    upgradable.flatMap((one) => (fasterKernel(one, traits).shape.pooledGradient ? [one.buffers.dy!.label] : [])),
  );
}

async function compileFaster(engine: Engine, unread: readonly Dispatch[]): Promise<Dispatch[]> {
  const compiled = engine.steps.upgradable.map(async (one) => {
    const { kernel, shape, buffers } = fasterKernel(one, engine.gpu.traits);
    return { ...(await engine.dispatch(kernel, shape, buffers)), layer: one.dispatch.layer };
  });
  // Dispatching no workgroups costs nothing, so these can stay in the recordings.
  const idle = unread.map((dispatch): Dispatch => ({ ...dispatch, workgroups: [0, 0, 0] }));
  return [...(await Promise.all(compiled)), ...idle];
}

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
