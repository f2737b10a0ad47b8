import { computed, type Signal, signal } from '@preact/signals';
import { HealthRows, healthReader, layerFigures } from '../../../health/health_table.ts';
import type { RunEvent } from '../../../health/run_events.ts';
import { TrainingLog } from '../../../health/training_log.ts';
import type {
  EpochRecord,
  Evaluation,
  LayerSummary,
  LearningRate,
  SavedRun,
  StepRecord,
  Verdict,
} from '../../../index.ts';
import { stepSamples } from '../../../plan/settings.ts';
import type { GpuBytes } from '../../../session/training_run.ts';
import type { Plan } from '../../../train/run_length.ts';
import { learningRateOf, type SettledExperiment } from '../../app/experiment.ts';
import { Curves } from '../../plots/curves.ts';

export type History = SavedRun['history'];

export type Phase = 'starting' | 'running' | 'pausing' | 'paused' | 'stopping' | 'ended';

/** A run as the page knows it: what it trains, and every record of it. It outlives the run itself. */
export class Run {
  readonly phase = signal<Phase>('starting');
  /**
   * Counts up, at most once a frame of the screen, when there is more in `log` and `curves`: whoever shows those reads it.
   * They are not signals themselves, because a run has tens of thousands of records.
   */
  readonly events = signal(0);
  readonly log = new TrainingLog();
  readonly curves = new Curves();
  readonly isUnderWay = computed(() => this.phase.value !== 'ended');
  /** Steps from one probe of the gradient to the next; undefined where there are none. */
  probeEvery: number | undefined;
  /** Of each layer, in the order in which they changed. */
  private readonly verdicts = new Map<string, Verdict[]>();
  private readonly rows = new HealthRows();
  /** On the test images, of a network that a stop left in the middle of an epoch. */
  partialEpoch: Evaluation | undefined;
  /** On the GPU, once they are known. */
  readonly bytes = signal<GpuBytes | undefined>(undefined);
  /** It ended with an error. */
  hasFailed = false;
  /** A second run in lock-step with it, from the same start: twin B. */
  twinB: Run | undefined;
  /** What a twin has of the variable that they differ in, in words: "learning rate 0.1". */
  way: string | undefined;
  /** Which of several pairs of twins it is of, from 1: all are trained, and one is shown. */
  pair: { number: number; of: number } | undefined;
  /** A twin's numbers stopped being finite at this step: it has ended, and the other goes on alone. */
  brokeAt: number | undefined;
  /** Where the GPU was lost last: the run goes on by itself, and is back when it has come there again. */
  readonly lost = signal<{ step: number; isBack: boolean } | undefined>(undefined);
  /** Of the steps to come. */
  readonly learningRate: Signal<LearningRate>;
  /** Steps of it that this browser keeps, or that a file has. */
  readonly keptSteps = signal(0);
  /** Ends when it is kept as far as it was asked for. */
  keeping: Promise<void> = Promise.resolve();
  private frame = 0;
  private lastShown = 0;
  private begun = 0;
  private stepsBefore = 0;
  private paused = { since: 0, ms: 0 };

  constructor(
    readonly experiment: SettledExperiment,
    readonly plan: Plan,
    readonly layers: readonly LayerSummary[],
    /** Of the classes, or of what else the model has an output for. */
    readonly classNames: readonly string[],
    readonly imageShape: readonly [height: number, width: number, channels: number],
  ) {
    this.learningRate = signal(learningRateOf(experiment.optimizer));
    if (experiment.health === 'full') this.probeEvery = probeEvery(this.steps);
  }

  /** Layers with weights that are trained, and so a gradient that is measured, in the order of the model. */
  get trained(): string[] {
    return this.layers.filter(({ measured }) => measured).map(({ name }) => name);
  }

  /** Whether a layer of the other is the same one as its own of that name. */
  hasLayersOf({ experiment }: Run): boolean {
    return JSON.stringify(experiment.model) === JSON.stringify(this.experiment.model);
  }

  /** Of the whole run; an augmentation with a validationSplit takes some of the images away, which the first step tells. */
  get steps(): number {
    const { epochs, trainSamples } = this.plan;
    return epochs * (this.log.stepsPerEpoch || Math.ceil(trainSamples / stepSamples(this.experiment)));
  }

  /** What is made of a layer at a step, now by default; undefined until its first steps agree. */
  verdictOf(layer: string, step = Infinity): Verdict | undefined {
    return this.verdicts.get(layer)?.findLast((verdict) => verdict.step <= step);
  }

  /** Of twins, how far the one that is ahead has come, or that goes on alone. */
  get stepsDone(): number {
    return Math.max(this.log.steps.length, this.twinB?.log.steps.length ?? 0);
  }

  /** Of twins, the one that goes on alone where the other has broken off; else itself. */
  get going(): Run {
    return (this.brokeAt !== undefined && this.twinB) || this;
  }

  /** Steps that it has done here, not before it was loaded or goes on. */
  get stepsHere(): number {
    return this.log.steps.length - this.stepsBefore;
  }

  /** Share of its steps, 0 to 1. */
  get done(): number {
    return this.stepsDone / this.steps;
  }

  /** Seconds of training so far, pauses left out, and what it goes on from. */
  get seconds(): number {
    if (!this.begun) return 0;
    const now = this.paused.since || performance.now();
    return (now - this.begun - this.paused.ms) / 1000;
  }

  get secondsLeft(): number {
    return (this.seconds / this.stepsHere) * (this.steps - this.log.steps.length);
  }

  add(events: readonly RunEvent[]): void {
    this.begun ||= performance.now();
    for (const item of events) {
      if ('step' in item) {
        const { health, ...step } = item.step;
        this.addStep({ ...item, step }, layerFigures(health));
        continue;
      }
      this.log.add(item);
      if ('verdict' in item) {
        const { layer } = item.verdict;
        this.verdicts.set(layer, [...(this.verdicts.get(layer) ?? []), item.verdict]);
      } else if ('epoch' in item) {
        this.curves.addValidation(item.epoch.validationLoss, validatedOf(item.epoch));
      }
    }
    // However fast events come, what nobody sees is not drawn. A hidden page has no frames, but its tab has a title.
    if (document.hidden && performance.now() - this.lastShown > 1000) this.show();
    else this.frame ||= requestAnimationFrame(() => this.show());
  }

  /** Accuracy, or the mean absolute error, of the last validation. */
  get validated(): number | undefined {
    if (this.partialEpoch) return measuredOf(this.partialEpoch);
    const last = this.log.epochs.at(-1);
    return last && validatedOf(last);
  }

  /** All of it, for a file. */
  get history(): History {
    const { epochs, steps, verdicts, runVerdicts, probes } = this.log;
    const health = this.rows.table;
    return {
      epochs,
      steps,
      verdicts,
      ...(runVerdicts.length > 0 && { runVerdicts }),
      probes,
      ...(health.steps.length && { health }),
    };
  }

  /** Takes what was before: of a file, or of a run that this one goes on from. */
  addHistory({ epochs, steps, verdicts, runVerdicts = [], probes, health }: History, epochSteps: number): void {
    const figuresOf = healthReader(health);
    for (const item of eventsOf(steps, epochs, epochSteps)) {
      const figures = 'step' in item ? figuresOf(item.step.step) : undefined;
      if ('step' in item && figures) this.addStep(item, figures);
      else this.add([item]);
    }
    this.add([
      ...verdicts.map((verdict) => ({ verdict })),
      ...runVerdicts.map((runVerdict) => ({ runVerdict })),
      ...probes.map((probe) => ({ probe })),
    ]);
    this.stepsBefore = steps.length;
    this.begun = 0;
  }

  private addStep(item: Extract<RunEvent, { step: StepRecord }>, figures: ReturnType<typeof layerFigures>): void {
    this.log.add(item);
    this.curves.addStep(item.step, figures);
    this.rows.add(item.step.step, figures);
  }

  /** Time stands still for it. */
  pause(): void {
    if (!this.begun) this.begun = performance.now();
    this.paused.since ||= performance.now();
    this.phase.value = 'paused';
    this.show();
  }

  resume(): void {
    if (this.paused.since) this.paused.ms += performance.now() - this.paused.since;
    this.paused.since = 0;
    this.log.resume();
    this.twinB?.log.resume();
    this.phase.value = 'running';
  }

  /** No more events come. */
  end(partialEpoch?: Evaluation): void {
    this.paused.since ||= performance.now();
    this.partialEpoch = partialEpoch;
    if (partialEpoch) this.curves.addValidation(partialEpoch.loss, measuredOf(partialEpoch));
    this.phase.value = 'ended';
    this.show();
  }

  private show(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.lastShown = performance.now();
    this.events.value++;
  }
}

/** Accuracy, or the mean absolute error where the loss is of numbers. */
export const measuredOf = ({ accuracy, meanAbsoluteError }: Pick<Evaluation, 'accuracy' | 'meanAbsoluteError'>) =>
  accuracy ?? meanAbsoluteError;

/** The same of the validation after an epoch; undefined after one without. */
export const validatedOf = ({
  validationAccuracy,
  validationMeanAbsoluteError,
}: Pick<EpochRecord, 'validationAccuracy' | 'validationMeanAbsoluteError'>) =>
  validationAccuracy ?? validationMeanAbsoluteError;

/** The twins by their names, A and B; a single run has no name. */
export const twinsOf = (run: Run): { name: 'A' | 'B' | ''; run: Run }[] =>
  run.twinB
    ? [
        { name: 'A', run },
        { name: 'B', run: run.twinB },
      ]
    : [{ name: '', run }];

/** Often enough for a picture of the whole run, and not so often that most of its time goes there. */
const probeEvery = (steps: number) => Math.max(20, Math.min(Math.round(steps / 50), 100));

/** The events of a run in the order in which they happened: an epoch after its steps. */
function eventsOf(steps: readonly StepRecord[], epochs: readonly EpochRecord[], epochSteps: number): RunEvent[] {
  const events: RunEvent[] = [];
  let at = 0;
  for (const epoch of epochs) {
    for (; at < steps.length && steps[at]!.epoch <= epoch.epoch; at++) {
      events.push({ step: steps[at]!, epochSteps, at: 0 });
    }
    events.push({ epoch });
  }
  for (const step of steps.slice(at)) events.push({ step, epochSteps, at: 0 });
  return events;
}
