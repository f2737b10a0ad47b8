import { isCategorical, metricWords } from '../../app/experiment.ts';
import { settled } from '../../app/state.ts';
import { Curves } from '../../plots/curves.ts';
import { accuracyLines, type Line, lossLines } from '../../plots/lines.ts';
import { capitalized } from '../../ui/capitalized.ts';
import type { Run } from '../run/run.ts';
import { RunPlot } from '../run/run_plot.tsx';
import { shownRun } from '../run/shown_run.ts';
import { withTwin } from '../run/twin_lines.ts';
import './strips.css';

const nothing = new Curves();

/** Loss and accuracy over the steps, below the map and aligned with its axis. */
export function Strips() {
  const metric = metricWords(shownRun.value?.experiment ?? settled.value);
  const title = capitalized(metric);
  return (
    <div class="run-strips">
      <RunPlot
        id="loss"
        title="Loss"
        isStrip
        chance={(run) => chanceOf(run, Math.log)}
        lines={(run) => linesOf(run, lossLines)}
        idle={() => lossLines(nothing)}
        description="Loss of the training steps and of the validation images; the table of epochs has the figures"
        empty="The loss of each step appears here"
      />
      <RunPlot
        key={metric}
        id="accuracy"
        title={title}
        isStrip
        chance={(run) => (metric === 'accuracy' ? chanceOf(run, (classes) => 1 / classes) : undefined)}
        share={metric === 'accuracy'}
        lines={(run) => linesOf(run, accuracyLines)}
        idle={() => accuracyLines(nothing)}
        description={`${title} of the training steps and of the validation images; the table of epochs has the figures`}
        empty={`The ${metric} appears here`}
      />
    </div>
  );
}

const linesOf = (run: Run, of: typeof lossLines): Line[] => withTwin(run, ({ curves }, style) => of(curves, style));

/** The value for a network that gives all classes the same probability; undefined if there are no classes. */
const chanceOf = ({ experiment, classNames }: Run, of: (classes: number) => number): number | undefined =>
  isCategorical(experiment) && classNames.length > 1 ? of(classNames.length) : undefined;
