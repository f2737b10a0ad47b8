import type { Dataset } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { cosine } from '../health/gradient_sample.ts';
import { LockStep } from './lock_step.ts';
import type { PairOptions, TwinActivations } from './pair_options.ts';
import { type SampledGradient, Twin } from './twin.ts';
import { requireTwins } from './twin_options.ts';
import type { PairRecord } from './twin_record.ts';
import { takeSample } from './twin_sample.ts';

/**
 * Trains two networks that differ in one variable, in lock-step on one device: neither begins a step before both have begun the
 * previous one. They begin with the same weights and see the same samples in the same order. A twin whose numbers stop being finite
 * ends there, and the other continues alone.
 *
 * @returns figures that follow from the configuration and the data alone: the same bits on the same adapter.
 * @throws ConfigurationError for twins that differ in more than one variable, or data that doesn't fit; DeviceLostError.
 */
export async function trainPair(
  gpu: Gpu,
  datasets: { train: Dataset; test: Dataset },
  options: PairOptions,
): Promise<PairRecord | undefined> {
  const { vary, seed, epochs, signal, state, onState } = options;
  requireTwins(options, datasets);
  const sample = takeSample(datasets.train, seed, options.a.batchSize ?? 32);
  const make = (which: 'a' | 'b') => new Twin(gpu, which, { ...options[which], seed }, datasets, sample, options);
  const twins = [make('a'), make('b')] as const;
  try {
    const cosines: PairRecord['cosines'] = [...(state?.cosines ?? [])];
    if (state) for (const twin of twins) await twin.restore(state[twin.which]);
    const activations: TwinActivations = (twin, images) => twins[twin === 'a' ? 0 : 1].activations(images);
    const first = (state?.epoch ?? 0) + 1;
    for (let epoch = first; epoch <= epochs && twins.some((twin) => !twin.isOver); epoch++) {
      if (signal?.aborted) return undefined;
      await trainEpoch(twins, epoch, epoch === first, options, activations);
      if (signal?.aborted) return undefined;
      // One after the other: at the same time both would need twice the GPU memory.
      const gradients: (SampledGradient | undefined)[] = [];
      for (const twin of twins) gradients.push(await twin.endEpoch(epoch));
      const [a, b] = gradients;
      if (vary !== 'model' && a && b) cosines.push(cosinesOf(a, b));
      if (epoch === epochs || signal?.aborted) continue;
      await onState?.(async () => {
        const [ofA, ofB] = [await twins[0].state(), await twins[1].state()];
        return { epoch, cosines: [...cosines], a: ofA, b: ofB };
      });
    }
    await options.onTrained?.(activations);
    return { seed, a: twins[0].record(), b: twins[1].record(), cosines };
  } finally {
    for (const twin of twins) twin.dispose();
  }
}

async function trainEpoch(
  twins: readonly [Twin, Twin],
  epoch: number,
  isFirst: boolean,
  { pace, signal, onBegin, onPause }: Pick<PairOptions, 'pace' | 'signal' | 'onBegin' | 'onPause'>,
  activations: TwinActivations,
): Promise<void> {
  let missing = twins.length;
  const begins = () => {
    if (isFirst && --missing === 0) onBegin?.({ a: twins[0].bytes, b: twins[1].bytes }, activations);
  };
  const together = new LockStep(pace, onPause);
  const running = twins.filter(({ isOver }) => !isOver).map((twin) => ({ twin, part: together.join() }));
  const failing = new AbortController();
  const stop = AbortSignal.any([failing.signal, ...(signal ? [signal] : [])]);
  const ends = running.map(async ({ twin, part }) => {
    try {
      const arrive = () => {
        begins();
        part.onPause();
      };
      await twin.trainEpoch(epoch, { pace: part.pace, onPause: arrive, signal: stop });
    } catch (error) {
      failing.abort();
      throw error;
    } finally {
      together.retire(part.pace);
    }
  });
  const failed = (await Promise.allSettled(ends)).find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

function cosinesOf(a: SampledGradient, b: SampledGradient): PairRecord['cosines'][number] {
  return {
    whole: cosine(a.whole, b.whole),
    layers: Object.fromEntries(Object.keys(a.layers).map((name) => [name, cosine(a.layers[name]!, b.layers[name]!)])),
  };
}
