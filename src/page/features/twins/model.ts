import { signal } from '@preact/signals';
import { proxy } from 'comlink';
import type { DatasetFacts } from '../../../data/served_datasets.ts';
import { type ErrorParts, partsOf } from '../../../errors.ts';
import { counted } from '../../../figures.ts';
import { type ComparisonFile, modelSummary, type Variable } from '../../../index.ts';
import type { PairEvent } from '../../../session/pairs.ts';
import { augmentationOf, type Change, metricWords, namesOf, type SettledExperiment } from '../../app/experiment.ts';
import { isOwnOf, ofTwin } from '../../app/experiment_url.ts';
import { learningRateOf, rateText } from '../../app/learning_rate.ts';
import * as state from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { download } from '../../ui/download.ts';
import { metricText } from '../../ui/numbers.ts';
import { holds, requestOf } from '../run/model.ts';
import { Run } from '../run/run.ts';
import * as runState from '../run/state.ts';
import { mayReplace } from '../run/unsaved.ts';
import { compareCommand, flagOf } from './compare_command.ts';
import type { TwinsListener, TwinsResult } from './worker.ts';

/** Two networks that start from the same weights and differ in one variable, and the results of their comparison. */

/** The value of the variable in each twin, in words: "augmentation none". */
export interface Ways {
  a: string;
  b: string;
}

/** The last comparison that was finished. */
export const comparison = signal<{ ways: Ways; result: TwinsResult } | undefined>();

/** The experiment with one variable changed. */
export function changed(experiment: SettledExperiment, twin: Change): SettledExperiment {
  const { vary, to } = twin;
  if (isOwnOf(twin)) return { ...experiment, ...ofTwin(twin) } as SettledExperiment;
  const { optimizer } = experiment;
  switch (vary) {
    case 'augmentation':
      return { ...experiment, augmentation: to };
    case 'model':
      return { ...experiment, model: to };
    case 'optimizer':
      return { ...experiment, optimizer: { type: to } as SettledExperiment['optimizer'] };
    case 'learning-rate':
      return { ...experiment, optimizer: { ...optimizer, learningRate: Number(to) } };
  }
}

/** An experiment's value of a variable, in words. */
export function nameOf(experiment: SettledExperiment, vary: Variable): string {
  const { augmentation, model, optimizer } = experiment;
  if (vary === 'learning-rate') return rateText(learningRateOf(optimizer));
  const value = { augmentation, model, optimizer: optimizer.type }[vary];
  return typeof value === 'string' ? value : 'its own';
}

/** Trains the current experiment, and another that differs in one variable, in lock-step. */
export async function trainTwins(change: Change, pairs: number): Promise<void> {
  const { vary } = change;
  const a = state.settled.peek();
  const b = changed(a, change);
  const plan = state.plan.peek();
  const { facts } = state.dataset.peek();
  if (!plan || !facts || !runState.isReady.peek() || !(await mayReplace())) return;
  let shapes: DatasetFacts['imageShape'][];
  try {
    shapes = await Promise.all([a, b].map((one) => training.augmentedShape(augmentationOf(one), facts.imageShape)));
  } catch (error) {
    state.pageError.value = error as ErrorParts;
    return;
  }
  if (!runState.isReady.peek()) return; // the button was pressed twice
  const [inputShape, inputShapeOfB] = shapes as [DatasetFacts['imageShape'], DatasetFacts['imageShape']];
  /** The data set with the models' input shape. */
  const input = { ...facts, imageShape: inputShape };
  const askFor = (experiment: SettledExperiment) =>
    requestOf(experiment, experiment === a ? inputShape : inputShapeOfB, facts, plan);
  const wayOf = (experiment: SettledExperiment) => {
    const name = nameOf(experiment, vary);
    return vary === 'optimizer' || name === 'its own' ? flagOf(experiment, vary, input) : name;
  };
  let ways: Ways;
  let twins: Twins;
  try {
    ways = { a: wayOf(a), b: wayOf(b) };
    twins = new Twins(a, b, pairs, (experiment, phase) => {
      const { model } = askFor(experiment);
      const run = new Run(experiment, plan, modelSummary(model), namesOf(facts), facts.imageShape, phase);
      const way = experiment === a ? ways.a : ways.b;
      const what = vary.replace('-', ' ');
      run.way = /^[[{]/.test(way) ? `changed ${what}` : `${what} ${way}`; // JSON is no title
      return run;
    });
  } catch (error) {
    // B's JSON in a link may be no model.
    state.pageError.value = partsOf(error);
    return;
  }
  const requestFor = (experiment: SettledExperiment) => {
    const { probeEvery } = twins.run;
    return { ...askFor(experiment), ...(probeEvery && { probeEvery }), paused: false };
  };
  state.pageError.value = undefined;
  comparison.value = undefined;
  state.status.value = { is: 'starting' };
  try {
    const command =
      compareCommand({ vary, a, b }, input, plan, pairs) ??
      `At ${location.href} choose twins that differ in the ${vary.replace('-', ' ')}, B with ${ways.b}, ${counted(pairs, 'pair')}.`;
    const request = { vary, a: requestFor(a), b: requestFor(b), ways, pairs, command };
    const result = await training.trainTwins(request, proxy(twins.listener));
    twins.run.end();
    if (result) comparison.value = { ways: { a: twins.run.way!, b: twins.run.twinB!.way! }, result };
    state.status.value = result
      ? { is: 'compared', pairs: result.pairs, validated: validationOf(twins.run) }
      : { is: 'ended', steps: twins.run.stepsDone, seconds: 0, stopped: true, twins: true };
  } catch (error) {
    twins.run.end();
    state.status.value = { is: 'failed-twins' };
    state.pageError.value = error as ErrorParts;
  }
}

/** The validation results of both twins as text: "accuracy: A 10.1 %, B 87.5 %"; undefined if one of them broke off before its first. */
function validationOf(run: Run): string | undefined {
  const metric = metricWords(run.experiment);
  const results = [run, run.twinB!].map(({ validated }) => validated);
  const [a, b] = results.map((value) => value !== undefined && metricText(metric, value));
  return a && b ? `${metric}: A ${a}, B ${b}` : undefined;
}

/** The pairs that are being trained, of which the last is shown. */
class Twins {
  run: Run;
  private place = 0;

  constructor(
    private readonly a: SettledExperiment,
    private readonly b: SettledExperiment,
    private readonly pairs: number,
    private readonly make: (experiment: SettledExperiment, phase?: Run['phase']) => Run,
  ) {
    this.run = this.begin();
  }

  readonly listener: TwinsListener = {
    events: (events) => {
      for (const item of events) this.tell(item);
    },
    paused: () => holds(this.run),
  };

  private begin(): Run {
    const run = this.make(this.a);
    run.twinB = this.make(this.b, run.phase);
    if (this.pairs > 1) run.pair = { number: this.place + 1, of: this.pairs };
    runState.run.value = run;
    return run;
  }

  private tell(item: PairEvent): void {
    if ('pair' in item) {
      if (item.pair === 0) return;
      // A request at the very end of a pair applies to the next one.
      const before = this.run;
      const asked = before.phase.peek();
      this.place = item.pair;
      this.run = this.begin();
      if (asked === 'pausing' || asked === 'stopping') this.run.phase.value = asked;
      before.end();
    } else if ('begun' in item) {
      this.run.bytes.value = item.begun;
      if (this.run.phase.peek() !== 'starting') return;
      this.run.phase.value = 'running';
      state.status.value = { is: 'pair', number: this.place + 1, of: this.pairs };
    } else this.tellOf(item);
  }

  private tellOf(item: Extract<PairEvent, { twin: unknown }>): void {
    const { run } = this;
    const twinB = run.twinB!;
    const [own, other] = item.twin === 'a' ? [run, twinB] : [twinB, run];
    if ('broke' in item) {
      own.brokeAt = item.broke.step;
      const { step, layer } = item.broke;
      state.status.value = { is: 'broke', twin: item.twin.toUpperCase(), step, layer };
      return;
    }
    own.add([item.event]);
    if (item.twin === 'b') run.add([]); // components that show both listen to the events of A
    const step = 'step' in item.event ? item.event.step.step : 0;
    if (other.brokeAt !== undefined && step > (other.curves.steps.at(-1) ?? 0)) other.curves.addGap(step);
  }
}

/** Downloads the last comparison as an HTML page, like that of `wgrad compare --report`. */
export const saveReport = (): Promise<void> =>
  hand('html', async (file, ways) => {
    const { comparisonReport } = await import('../../../report/report.ts');
    return new Blob([comparisonReport(file, ways)], { type: 'text/html' });
  });

/** Downloads the pairs as JSON, which `wgrad compare --resume` can continue. */
export const savePairs = (): Promise<void> =>
  hand('json', async (file) => new Blob([`${JSON.stringify(file)}\n`], { type: 'application/json' }));

async function hand(ending: string, write: (file: ComparisonFile, ways: Ways) => Promise<Blob>): Promise<void> {
  const last = comparison.peek();
  if (!last) return;
  try {
    const file = await training.comparisonFile();
    if (!file) return;
    download(await write(file, last.ways), `compared-${file.config.vary}-${file.config.dataset}.${ending}`);
    const shown = runState.run.peek();
    if (shown?.twinB) shown.keptSteps.value = shown.stepsDone;
  } catch (error) {
    state.pageError.value = error as ErrorParts;
  }
}
