import { chanceLevel } from '../health/chance.ts';
import type { RunVerdict, Verdict } from '../health/health.ts';
import { type HealthReader, healthReaderFor } from '../health/health_record.ts';
import type { StepRecord } from '../health/history.ts';
import { RunWatch } from '../health/run_watch.ts';
import { judgedLayers, VerdictWatch } from '../health/verdicts.ts';
import { trainedTensors } from '../model/graph.ts';
import { elementsOf } from '../model/initializers.ts';
import type { JudgedRun } from './fit_records.ts';

/** Computes verdicts on the layers and the run as steps are reported. `fit` loads it while the first steps are in flight. */
export class Judging {
  readonly watch: VerdictWatch;
  /** For the records of steps. */
  readonly healthReader: HealthReader | undefined;
  readonly #run: RunWatch;

  constructor({ settings, data, isWeighted, epochSteps, verdictsBefore, watchBefore }: JudgedRun) {
    const { model, loss } = settings;
    const layers = judgedLayers(model);
    this.healthReader = healthReaderFor(model, settings.health);
    const { labels, classNames, targets, count } = data;
    // With sample weights or targets, the chance level of the loss is unknown.
    const known = targets === undefined && !isWeighted;
    const facts = {
      chance: known ? chanceLevel(loss, labels, classNames.length) : undefined,
      images: count,
      weights: trainedTensors(model).reduce((sum, { spec }) => sum + elementsOf(spec), 0),
    };
    this.watch = new VerdictWatch(layers, epochSteps, verdictsBefore, watchBefore);
    this.#run = new RunWatch(layers, facts, watchBefore?.run);
    this.watch.run = this.#run;
  }

  /** @returns the layer verdicts that change with this step. */
  add(record: StepRecord): Verdict[] {
    return this.watch.add(record);
  }

  addEpoch(...epoch: Parameters<RunWatch['addEpoch']>): void {
    this.#run.addEpoch(...epoch);
  }

  /** @returns the verdict on the run, if it changes. */
  judgeRun(at: { step: number; epoch: number }, end?: 'end' | 'failure'): RunVerdict | undefined {
    return this.#run.judge(at, this.watch.verdicts, end);
  }
}
