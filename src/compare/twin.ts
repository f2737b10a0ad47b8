import type { Dataset } from '../data/dataset.ts';
import type { Gpu } from '../gpu/device.ts';
import { exponentsOf, type Gradient, meanGradient } from '../health/gradient_sample.ts';
import type { Verdict } from '../health/health.ts';
import { type EpochRecord, type StepRecord, withoutHealth } from '../health/history.ts';
import type { NoiseEstimate } from '../health/noise.ts';
import { judgedLayers, VerdictWatch } from '../health/verdicts.ts';
import { tensorsByLayer } from '../model/measured_layers.ts';
import { sliceDataset } from '../plan/samples.ts';
import { fillCallbacks } from '../train/callbacks/index.ts';
import { NonFiniteError } from '../train/diagnosis.ts';
import type { Evaluation } from '../train/evaluate.ts';
import { fillTrainerOptions } from '../train/fill_trainer_options.ts';
import type { FitOptions } from '../train/fit_options.ts';
import type { FitSettings } from '../train/fit_settings.ts';
import { isBetter, type Monitor, monitored, monitorOf } from '../train/monitor.ts';
import type { LayerOutput } from '../train/predict.ts';
import { Trainer } from '../train/trainer.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import type { Best, Listeners, TwinState } from './pair_options.ts';
import { isAugmented, measuredOf } from './twin_options.ts';
import { type LayerEpoch, summarizeEpoch, type TwinEpoch, type TwinRecord, timelineOf } from './twin_record.ts';
import { noiseBetween } from './twin_sample.ts';

/** The gradient on the pair's sample, without augmentation. */
export interface SampledGradient {
  whole: Gradient;
  layers: Record<string, Gradient>;
}

/** One of the two twins: its trainer and its record so far. */
export class Twin {
  private broke: TwinRecord['broke'];
  private stoppedEarly: TwinRecord['stoppedEarly'];
  private best: Best | undefined;
  private readonly trainer: Trainer;
  private readonly plainTraining: Dataset;
  private readonly augmented: boolean;
  private readonly settings: FitSettings;
  /** The figure that determines the best weights, if the best weights are requested. */
  private readonly monitor: (Monitor & { minDelta: number; startFromEpoch: number }) | undefined;
  /** The current epoch's step records with their health, and all step records without it. */
  private ofEpoch: StepRecord[] = [];
  private validation: EpochRecord | undefined;
  private steps: StepRecord[] = [];
  private epochs: TwinEpoch[] = [];
  private verdicts: Verdict[] = [];
  private watch: VerdictWatch | undefined;
  private epochSteps = 0;

  constructor(
    gpu: Gpu,
    readonly which: 'a' | 'b',
    settings: TrainerOptions,
    private readonly datasets: { train: Dataset; test: Dataset },
    private readonly sample: Dataset,
    private readonly listeners: Listeners,
  ) {
    this.trainer = new Trainer(gpu, settings);
    this.augmented = isAugmented(settings);
    const { train, test } = datasets;
    this.plainTraining = sliceDataset(train, 0, Math.min(train.count, test.count));
    const { earlyStopping, ...fit } = listeners.fit ?? {};
    // An epoch's figures must be those of its own weights, so the best weights are not restored; the record says which epoch was
    // the best.
    this.settings = earlyStopping ? { ...fit, earlyStopping: { ...earlyStopping, restoreBestWeights: false } } : fit;
    if (!earlyStopping?.restoreBestWeights) return;
    const filled = fillCallbacks({ earlyStopping }).earlyStopping!;
    const monitor = monitorOf(filled, measuredOf(fillTrainerOptions(settings)), 'earlyStopping');
    const { minDelta, startFromEpoch } = filled;
    this.monitor = { ...monitor, minDelta, startFromEpoch };
  }

  /** Whether it has broken off or stopped early. */
  get isOver(): boolean {
    return this.broke !== undefined || this.stoppedEarly !== undefined;
  }

  async trainEpoch(epoch: number, fit: Pick<FitOptions, 'pace' | 'onPause' | 'signal'>): Promise<void> {
    this.ofEpoch = [];
    this.validation = undefined;
    const { epochs, onStep, onVerdict, onProbe, onBreak } = this.listeners;
    // Each call of `fit` trains one epoch of the whole run: it stops there, and the next call continues it.
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, ...(fit.signal ? [fit.signal] : [])]);
    try {
      const { stoppedEarly } = await this.trainer.fit(this.datasets.train, {
        ...this.settings,
        ...fit,
        ...{ epochs, initialEpoch: epoch - 1, validationData: this.datasets.test, signal },
        keepHealth: false,
        onStep: (step, { epochSteps }) => {
          this.epochSteps = epochSteps;
          this.ofEpoch.push(step);
          this.steps.push(withoutHealth(step));
          this.watch ??= new VerdictWatch(judgedLayers(this.trainer.model), epochSteps);
          onStep?.(this.which, step, { epochSteps, epochs });
          for (const verdict of this.watch.add(step)) {
            this.verdicts.push(verdict);
            onVerdict?.(this.which, verdict);
          }
        },
        onProbe: (probe) => onProbe?.(this.which, probe),
        onEpoch: (record) => {
          this.validation = record;
          ended.abort();
        },
      });
      if (stoppedEarly) this.stoppedEarly = { epoch, monitor: stoppedEarly.monitor };
      if (this.validation) this.noteBest(this.validation);
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      this.broke = { epoch, step: this.steps.length, layer: error.layer, pass: error.pass };
      onBreak?.(this.which, this.broke);
    }
  }

  /** Finds the best epoch by the same rule as earlyStopping. */
  private noteBest(record: EpochRecord): void {
    if (!this.monitor || record.epoch <= this.monitor.startFromEpoch) return;
    const value = monitored(record, this.monitor);
    if (value === undefined) return;
    if (isBetter(this.monitor, value, this.best?.value, this.monitor.minDelta))
      this.best = { epoch: record.epoch, value };
    else this.best ??= { epoch: record.epoch };
  }

  get bytes(): number {
    return this.trainer.memory.bytes;
  }

  activations(images: Dataset): Promise<LayerOutput[]> {
    return this.trainer.meanwhile.activations(images);
  }

  /** Evaluates, and computes the gradient on the sample; undefined if the twin has already ended. */
  async endEpoch(epoch: number): Promise<SampledGradient | undefined> {
    if (!this.validation || this.validation.epoch !== epoch) return undefined;
    const { trainer, sample } = this;
    const plain = await trainer.evaluate(this.plainTraining, { metrics: [] });
    const parts = await trainer.datasetGradients(sample);
    const seen = this.augmented ? await trainer.datasetGradients(sample, { augmented: true }) : parts;
    const whole = meanGradient(parts);
    const record = this.summarize(plain, this.validation, whole, seen);
    this.epochs.push(record);
    this.listeners.onEpoch?.(this.which, epoch, record);
    return { whole, layers: this.byLayer(whole) };
  }

  private summarize(plain: Evaluation, validation: EpochRecord, whole: Gradient, seen: readonly Gradient[]): TwinEpoch {
    const { layers, ...rest } = summarizeEpoch(this.ofEpoch);
    const noise = this.noiseByLayer(seen);
    const gradients = this.byLayer(whole);
    return {
      ...rest,
      plainLoss: plain.loss,
      ...renamed(plain, { accuracy: 'plainAccuracy', meanAbsoluteError: 'plainMeanAbsoluteError' }),
      ...validationFigures(validation),
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

  /** Groups the tensors, which are in Keras' order, by layer. */
  private byLayer(gradient: Gradient): Record<string, Gradient> {
    const layers = tensorsByLayer(this.trainer.model);
    return Object.fromEntries(layers.map(({ name, tensors }) => [name, tensors.map((t) => gradient[t]!)]));
  }

  async state(): Promise<TwinState> {
    const { steps, epochSteps, epochs, verdicts, watch, broke, stoppedEarly, best } = this;
    return {
      ...{ steps: [...steps], epochSteps, epochs: [...epochs], verdicts: [...verdicts] },
      ...(watch && { watch: watch.state }),
      ...(broke && { broke }),
      ...(stoppedEarly && { stoppedEarly }),
      ...(best && { best }),
      ...(!this.isOver && { snapshot: await this.trainer.snapshot() }),
    };
  }

  async restore({ steps, epochSteps, epochs, verdicts, watch, snapshot, ...ended }: TwinState): Promise<void> {
    this.steps = [...steps];
    this.epochSteps = epochSteps;
    this.epochs = [...epochs];
    this.verdicts = [...verdicts];
    this.broke = ended.broke;
    this.stoppedEarly = ended.stoppedEarly;
    this.best = ended.best;
    if (watch) this.watch = new VerdictWatch(judgedLayers(this.trainer.model), epochSteps, verdicts, watch);
    if (snapshot) await this.trainer.restore(snapshot);
  }

  record(): TwinRecord {
    const { broke, stoppedEarly, best } = this;
    const finalEpoch = broke ? undefined : (best?.epoch ?? stoppedEarly?.epoch);
    return {
      epochs: this.epochs,
      timeline: timelineOf(this.steps, this.epochSteps * this.listeners.epochs),
      steps: this.steps.length,
      verdicts: this.verdicts,
      ...(broke && { broke }),
      ...(stoppedEarly && { stoppedEarly }),
      ...(finalEpoch !== undefined && { finalEpoch }),
    };
  }

  dispose(): void {
    this.trainer.dispose();
  }
}

/** The validation figures of an epoch; empty if it was not validated. */
function validationFigures(
  record: EpochRecord,
): Pick<TwinEpoch, 'validationLoss' | 'validationAccuracy' | 'validationMeanAbsoluteError' | 'metrics'> {
  const always = ['validationLoss', 'validationAccuracy', 'validationMeanAbsoluteError'] as const;
  const numbers = Object.entries(record).filter(
    (entry): entry is [string, number] => entry[0].startsWith('validation') && typeof entry[1] === 'number',
  );
  const isAlways = (name: string) => (always as readonly string[]).includes(name);
  const metrics = numbers
    .filter(([name]) => !isAlways(name))
    .map(([name, value]): [string, number] => {
      const own = name.slice('validation'.length);
      return [own[0]!.toLowerCase() + own.slice(1), value];
    });
  return {
    ...Object.fromEntries(numbers.filter(([name]) => isAlways(name))),
    ...(metrics.length > 0 && { metrics: Object.fromEntries(metrics) }),
  };
}

/** The figures that are defined, under other names. */
const renamed = (figures: Evaluation, names: Record<string, string>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(names).flatMap(([from, to]): [string, number][] => {
      const value = figures[from];
      return typeof value === 'number' ? [[to, value]] : [];
    }),
  );
