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
import type { SettledExperiment } from '../../app/experiment.ts';
import { learningRateOf } from '../../app/learning_rate.ts';
import { Curves } from '../../plots/curves.ts';

export type History = SavedRun['history'];

/** A layer's output for one image, as a small gray picture. */
export interface LayerPicture {
  layer: string;
  width: number;
  height: number;
  /**
   * One byte per pixel, row by row: white is the largest value, black is 0 or the smallest value if there are negative ones.
   * The last row may be shorter.
   */
  pixels: Uint8Array;
}

export type Phase = 'starting' | 'running' | 'pausing' | 'paused' | 'stopping' | 'ended';

/** A run on the page: its configuration and all of its records. It is kept after the run has ended. */
export class Run {
  /**
   * Incremented at most once per frame when `log` and `curves` have changed; components that show them read this signal. They are
   * not signals themselves, because a run has tens of thousands of records.
   */
  readonly events = signal(0);
  readonly log = new TrainingLog();
  readonly curves = new Curves();
  readonly isUnderWay = computed(() => this.phase.value !== 'ended');
  /** Recorded activations for one image, of a run that was not trained here. */
  pictures: readonly LayerPicture[] | undefined;
  /** Steps between two probes of the gradient; undefined if there are none. */
  probeEvery: number | undefined;
  /** Verdicts of each layer, in order. */
  private readonly verdicts = new Map<string, Verdict[]>();
  private readonly rows = new HealthRows();
  /** Evaluation on the test images if the run was stopped in the middle of an epoch. */
  partialEpoch: Evaluation | undefined;
  /** GPU memory, once it is known. */
  readonly bytes = signal<GpuBytes | undefined>(undefined);
  /** Whether it ended with an error. */
  hasFailed = false;
  /** Twin B: a second run in lock-step with this one, from the same start. */
  twinB: Run | undefined;
  /** The twin's value of the varied option, in words: "learning rate 0.1". */
  way: string | undefined;
  /** The number of the pair of twins, from 1, if several are trained: all are trained, but one is shown. */
  pair: { number: number; of: number } | undefined;
  /** The step at which a twin's numbers stopped being finite: it has ended, and the other continues alone. */
  brokeAt: number | undefined;
  /**
   * The step at which the GPU was last lost. The run resumes by itself, and `isBack` is set when it has reached that step again.
   */
  readonly lost = signal<{ step: number; isBack: boolean } | undefined>(undefined);
  /** Learning rate of the following steps. */
  readonly learningRate: Signal<LearningRate>;
  /** Number of its steps that are saved in this browser, or in a file. */
  readonly keptSteps = signal(0);
  /** Resolves when the pending saves are complete. */
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
    /** Names of the classes, or of the model's other outputs. */
    readonly classNames: readonly string[],
    readonly imageShape: readonly [height: number, width: number, channels: number],
    /** Twins share it. */
    readonly phase = signal<Phase>('starting'),
  ) {
    this.learningRate = signal(learningRateOf(experiment.optimizer));
    if (experiment.health === 'full') this.probeEvery = probeEvery(this.steps);
  }

  /** Names of the trainable layers, whose gradients are measured, in the model's order. */
  get trained(): string[] {
    return this.layers.filter(({ measured }) => measured).map(({ name }) => name);
  }

  /** Whether the layers of another run are the same as those of the same name in this one. */
  hasLayersOf({ experiment }: Run): boolean {
    return JSON.stringify(experiment.model) === JSON.stringify(this.experiment.model);
  }

  /**
   * Number of steps of the whole run; a generator with a validationSplit holds out some of the images, which is known after the
   * first step.
   */
  get steps(): number {
    const { epochs, trainSamples } = this.plan;
    return epochs * (this.log.stepsPerEpoch || Math.ceil(trainSamples / stepSamples(this.experiment)));
  }

  /** The verdict on a layer at a step, by default the current one; undefined until the first steps agree. */
  verdictOf(layer: string, step = Infinity): Verdict | undefined {
    return this.verdicts.get(layer)?.findLast((verdict) => verdict.step <= step);
  }

  /** Number of completed steps; for twins, those of the one that is ahead. */
  get stepsDone(): number {
    return Math.max(this.log.steps.length, this.twinB?.log.steps.length ?? 0);
  }

  /** For twins of which one has broken off, the one that continues; otherwise this run. */
  get going(): Run {
    return (this.brokeAt !== undefined && this.twinB) || this;
  }

  /** Number of steps trained on this page since it was loaded or resumed. */
  get stepsHere(): number {
    return this.log.steps.length - this.stepsBefore;
  }

  /** Completed fraction of its steps, 0 to 1. */
  get done(): number {
    return this.stepsDone / this.steps;
  }

  /** Seconds of training so far, without pauses and without what it was resumed from. */
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
    // A hidden page has no animation frames, but its tab's title must be updated, which is limited to once a second.
    if (document.hidden && performance.now() - this.lastShown > 1000) this.show();
    else this.frame ||= requestAnimationFrame(() => this.show());
  }

  /** Accuracy, or mean absolute error, of the last validation. */
  get validated(): number | undefined {
    if (this.partialEpoch) return measuredOf(this.partialEpoch);
    const last = this.log.epochs.at(-1);
    return last && validatedOf(last);
  }

  /** The complete history, for a file. */
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

  /** Adds earlier records: of a file, or of a run that this one resumes. */
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

  /** Stops the clock. */
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

  /** Called when there will be no more events. */
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

/** Accuracy, or the mean absolute error if the loss is for numbers. */
export const measuredOf = ({ accuracy, meanAbsoluteError }: Pick<Evaluation, 'accuracy' | 'meanAbsoluteError'>) =>
  accuracy ?? meanAbsoluteError;

/** The same for the validation after an epoch; undefined if it was not validated. */
export const validatedOf = ({
  validationAccuracy,
  validationMeanAbsoluteError,
}: Pick<EpochRecord, 'validationAccuracy' | 'validationMeanAbsoluteError'>) =>
  validationAccuracy ?? validationMeanAbsoluteError;

/** The twins with their names A and B; a single run has no name. */
export const twinsOf = (run: Run): { name: 'A' | 'B' | ''; run: Run }[] =>
  run.twinB
    ? [
        { name: 'A', run },
        { name: 'B', run: run.twinB },
      ]
    : [{ name: '', run }];

/** Frequent enough for a picture of the whole run, but not so frequent that probes take most of the time. */
const probeEvery = (steps: number) => Math.max(20, Math.min(Math.round(steps / 50), 100));

/** The events of a run in chronological order: each epoch follows its steps. */
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
