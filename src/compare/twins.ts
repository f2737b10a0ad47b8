import type { Dataset } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { cosine, exponentsOf, type Gradient, meanGradient } from '../health/gradient_sample.ts';
import type { ProbeRecord, Verdict } from '../health/health.ts';
import { type StepRecord, withoutHealth } from '../health/history.ts';
import type { NoiseEstimate } from '../health/noise.ts';
import { judgedLayers, VerdictWatch } from '../health/verdicts.ts';
import { tensorsByLayer } from '../model/measured_layers.ts';
import { sliceDataset } from '../plan/samples.ts';
import { NonFiniteError } from '../train/diagnosis.ts';
import type { Evaluation } from '../train/evaluate.ts';
import type { Pace } from '../train/pace.ts';
import { Trainer } from '../train/trainer.ts';
import type { FitOptions, TrainerOptions } from '../train/trainer_options.ts';
import { LockStep } from './lock_step.ts';
import { isAugmented, requireTwins, type TwinOptions } from './twin_options.ts';
import {
  type LayerEpoch,
  type PairRecord,
  summarizeEpoch,
  type TwinEpoch,
  type TwinRecord,
  timelineOf,
} from './twin_record.ts';
import { noiseBetween, takeSample } from './twin_sample.ts';

export interface PairOptions extends TwinOptions {
  /** The seed of both twins: weights, order of samples, draws. */
  seed: number;
  epochs: number;
  /** Aborting it makes `trainPair` resolve with undefined: half a pair is none. */
  signal?: AbortSignal;
  /** Holds both together, and lets steps of both through: `createPace`. It changes nothing of what is computed. */
  pace?: Pace;
  /** Both are on the GPU, with so many bytes of weights, gradients and activations each: steps come next, or a pause. */
  onBegin?: (bytes: { a: number; b: number }) => void;
  /** Called after each step of either twin, in order. Steps and epochs count over the whole run. */
  onStep?: (twin: 'a' | 'b', record: StepRecord, progress: { epochSteps: number; epochs: number }) => void;
  /** A layer's first verdict and every change, after the step that decided it. */
  onVerdict?: (twin: 'a' | 'b', verdict: Verdict) => void;
  /** Called for a twin whose `health` is `full`, before the step that the probe is about. */
  onProbe?: (twin: 'a' | 'b', probe: ProbeRecord) => void;
  onEpoch?: (twin: 'a' | 'b', epoch: number, record: TwinEpoch) => void;
  /** The numbers of this twin stopped being finite: the other continues alone. */
  onBreak?: (twin: 'a' | 'b', broke: NonNullable<TwinRecord['broke']>) => void;
  /** Called when `pace` is paused: all allowed steps are done, and their records have been reported. */
  onPause?: () => void;
}

/** The callbacks of each twin. */
type Listeners = Pick<PairOptions, 'epochs' | 'onStep' | 'onVerdict' | 'onProbe' | 'onEpoch' | 'onBreak'>;

/**
 * Trains two networks that differ in one variable, in lock-step on one device: neither begins a step before both have begun the
 * one before. They begin with the same weights and see the same samples in the same order. A twin whose numbers stop being
 * finite ends there, and the other continues alone.
 *
 * @returns figures that follow from the configuration and the data alone: the same bits on the same adapter.
 * @throws ConfigurationError for twins that differ in more than one variable, or data that doesn't fit; DeviceLostError.
 */
export async function trainPair(
  gpu: Gpu,
  datasets: { train: Dataset; test: Dataset },
  options: PairOptions,
): Promise<PairRecord | undefined> {
  const { vary, seed, epochs, signal } = options;
  requireTwins(options, datasets);
  const sample = takeSample(datasets.train, seed, options.a.batchSize ?? 32);
  const make = (which: 'a' | 'b') => new Twin(gpu, which, { ...options[which], seed }, datasets, sample, options);
  const twins = [make('a'), make('b')] as const;
  try {
    const cosines: PairRecord['cosines'] = [];
    for (let epoch = 1; epoch <= epochs; epoch++) {
      if (signal?.aborted) return undefined;
      await trainEpoch(twins, epoch, options);
      if (signal?.aborted) return undefined;
      // One after the other: what both need of the GPU at once would be twice as much.
      const gradients: (SampledGradient | undefined)[] = [];
      for (const twin of twins) gradients.push(await twin.endEpoch(epoch));
      const [a, b] = gradients;
      if (vary !== 'model' && a && b) cosines.push(cosinesOf(a, b));
    }
    return { seed, a: twins[0].record(), b: twins[1].record(), cosines };
  } finally {
    for (const twin of twins) twin.dispose();
  }
}

async function trainEpoch(
  twins: readonly [Twin, Twin],
  epoch: number,
  { pace, signal, onBegin, onPause }: Pick<PairOptions, 'pace' | 'signal' | 'onBegin' | 'onPause'>,
): Promise<void> {
  let missing = twins.length;
  const begins = () => {
    if (epoch === 1 && --missing === 0) onBegin?.({ a: twins[0].bytes, b: twins[1].bytes });
  };
  const together = new LockStep(pace, onPause);
  const running = twins.filter(({ broke }) => !broke).map((twin) => ({ twin, part: together.join() }));
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

/** The gradient on the pair's sample, without augmentation. */
interface SampledGradient {
  whole: Gradient;
  layers: Record<string, Gradient>;
}

function cosinesOf(a: SampledGradient, b: SampledGradient): PairRecord['cosines'][number] {
  return {
    whole: cosine(a.whole, b.whole),
    layers: Object.fromEntries(Object.keys(a.layers).map((name) => [name, cosine(a.layers[name]!, b.layers[name]!)])),
  };
}

/** One of the two twins: its trainer and its record so far. */
class Twin {
  broke: TwinRecord['broke'];
  private readonly trainer: Trainer;
  private readonly plainTraining: Dataset;
  private readonly augmented: boolean;
  /** The records of the current epoch with their health, and those of all steps without. */
  private ofEpoch: StepRecord[] = [];
  private readonly steps: StepRecord[] = [];
  private readonly epochs: TwinEpoch[] = [];
  private readonly verdicts: Verdict[] = [];
  private watch: VerdictWatch | undefined;
  private epochSteps = 0;

  constructor(
    gpu: Gpu,
    private readonly which: 'a' | 'b',
    settings: TrainerOptions,
    private readonly datasets: { train: Dataset; test: Dataset },
    private readonly sample: Dataset,
    private readonly listeners: Listeners,
  ) {
    this.trainer = new Trainer(gpu, settings);
    this.augmented = isAugmented(settings);
    const { train, test } = datasets;
    this.plainTraining = sliceDataset(train, 0, Math.min(train.count, test.count));
  }

  async trainEpoch(epoch: number, fit: Pick<FitOptions, 'pace' | 'onPause' | 'signal'>): Promise<void> {
    const before = this.steps.length;
    this.ofEpoch = [];
    const { epochs, onStep, onVerdict, onProbe, onBreak } = this.listeners;
    try {
      await this.trainer.fit(this.datasets.train, {
        ...fit,
        keepHealth: false,
        onStep: (record, { epochSteps }) => {
          this.epochSteps = epochSteps;
          const step = { ...record, step: before + record.step, epoch };
          this.ofEpoch.push(step);
          this.steps.push(withoutHealth(step));
          this.watch ??= new VerdictWatch(judgedLayers(this.trainer.model), epochSteps);
          onStep?.(this.which, step, { epochSteps, epochs });
          for (const verdict of this.watch.add(step)) {
            this.verdicts.push(verdict);
            onVerdict?.(this.which, verdict);
          }
        },
        onProbe: (probe) => onProbe?.(this.which, { ...probe, step: before + probe.step }),
      });
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      this.broke = { epoch, step: this.steps.length, layer: error.layer, pass: error.pass };
      onBreak?.(this.which, this.broke);
    }
  }

  get bytes(): number {
    return this.trainer.memory.bytes;
  }

  /** Evaluates, and takes the gradient on the sample; undefined of a twin that has broken off. */
  async endEpoch(epoch: number): Promise<SampledGradient | undefined> {
    if (this.broke) return undefined;
    const { trainer, datasets, sample } = this;
    const plain = await trainer.evaluate(this.plainTraining);
    const validation = await trainer.evaluate(datasets.test);
    const parts = await trainer.datasetGradients(sample);
    const seen = this.augmented ? await trainer.datasetGradients(sample, { augmented: true }) : parts;
    const whole = meanGradient(parts);
    const record = this.summarize(plain, validation, whole, seen);
    this.epochs.push(record);
    this.listeners.onEpoch?.(this.which, epoch, record);
    return { whole, layers: this.byLayer(whole) };
  }

  private summarize(plain: Evaluation, validation: Evaluation, whole: Gradient, seen: readonly Gradient[]): TwinEpoch {
    const { layers, ...rest } = summarizeEpoch(this.ofEpoch);
    const noise = this.noiseByLayer(seen);
    const gradients = this.byLayer(whole);
    return {
      ...rest,
      plainLoss: plain.loss,
      plainAccuracy: plain.accuracy!,
      validationLoss: validation.loss,
      validationAccuracy: validation.accuracy!,
      sample: noiseBetween(seen, this.sample.count),
      layers: Object.fromEntries(
        Object.entries(layers).map(([name, figures]): [string, LayerEpoch] => [
          name,
          { ...figures, sample: { ...noise[name]!, ...exponentsOf(gradients[name]!) } },
        ]),
      ),
    };
  }

  private noiseByLayer(parts: readonly Gradient[]): Record<string, NoiseEstimate> {
    const byPart = parts.map((part) => this.byLayer(part));
    return Object.fromEntries(
      Object.keys(byPart[0]!).map((name) => [
        name,
        noiseBetween(
          byPart.map((part) => part[name]!),
          this.sample.count,
        ),
      ]),
    );
  }

  /** The tensors of each layer, which lie in Keras' order. */
  private byLayer(gradient: Gradient): Record<string, Gradient> {
    const layers = tensorsByLayer(this.trainer.model);
    return Object.fromEntries(layers.map(({ name, tensors }) => [name, tensors.map((t) => gradient[t]!)]));
  }

  record(): TwinRecord {
    return {
      epochs: this.epochs,
      timeline: timelineOf(this.steps, this.epochSteps * this.listeners.epochs),
      steps: this.steps.length,
      verdicts: this.verdicts,
      ...(this.broke && { broke: this.broke }),
    };
  }

  dispose(): void {
    this.trainer.dispose();
  }
}
