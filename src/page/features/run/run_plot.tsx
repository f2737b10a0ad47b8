import { useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { noGpu } from '../../app/state.ts';
import { roomFor } from '../../plots/axes.ts';
import type { Line } from '../../plots/lines.ts';
import { Plot, type PlotOptions, type ShownRow } from '../../plots/plot.ts';
import { fetched } from '../../ui/fetched_code.ts';
import type { Run } from './run.ts';
import { shownRun } from './shown_run.ts';
import { dragTo, pinnedStep, pointedStep, shownStep } from './shown_step.ts';
import { isReady, run } from './state.ts';

/** Loaded on demand: uPlot is a large part of the page's code, and draws nothing before there is a run. */
const charts = fetched(() => import('../../plots/chart.ts'));

export interface RunPlotProps extends PlotOptions {
  id: string;
  title: string;
  /** Description of the plot, in a line below the title. */
  about?: string;
  /** The curves of a run. */
  lines: (run: Run) => Line[];
  /** The value for a network that has learned nothing. */
  chance?: (run: Run) => number | undefined;
  /** The curves to show in the legend before there is a run. */
  idle: () => Line[];
}

function rowOf(shown: Run, pointed: number | undefined): ShownRow | undefined {
  const step = shownStep(shown, pointed);
  return step === undefined
    ? undefined
    : { step, row: shown.going.curves.rowOf(step), isPointedAt: pointed !== undefined };
}

/** Called by a chart with the step under the pointer, and whether the pointer is dragged. */
function point(step: number | undefined, isDragged: boolean): void {
  pointedStep.value = step;
  if (step !== undefined && isDragged) dragTo(step);
}

const pointedNow = () => pointedStep.peek() ?? pinnedStep.peek();

/** A plot over the steps of the shown run, redrawn when it has new events. */
export function RunPlot({ id, title, about, lines, idle, chance, ...options }: RunPlotProps) {
  const section = useRef<HTMLElement>(null);
  const drawn = useRef<{ run: Run | undefined; plot: Plot } | undefined>(undefined);
  useSignalEffect(() => {
    const shown = shownRun.value;
    shown?.events.value;
    if (!section.current) return;
    // A sample run is drawn only when the page is ready, because it must not delay anything.
    if (run.value || (shown && (isReady.value || noGpu.value))) charts.fetch();
    const planned = shown ? undefined : idle();
    if (!drawn.current || drawn.current.run !== shown || planned) {
      drawn.current?.plot.dispose();
      drawn.current = {
        run: shown,
        plot: new Plot(section.current, planned ?? lines(shown!), options, point),
      };
    }
    if (!shown) return;
    const room = roomFor(shown.stepsDone, shown.steps);
    shown.twinB?.curves.smooth(room);
    // If one twin has broken off, only the other one has all epochs.
    const { curves } = shown.going;
    const window = shown.curves.smooth(room);
    drawn.current.plot.draw(
      curves,
      room,
      window,
      charts.code.value?.Chart,
      rowOf(shown, pointedNow()),
      chance?.(shown),
    );
  });
  useSignalEffect(() => {
    const pointed = pointedStep.value ?? pinnedStep.value;
    const { run: shown, plot } = drawn.current ?? {};
    if (shown) plot!.show(rowOf(shown, pointed));
  });
  useEffect(
    () => () => {
      drawn.current?.plot.dispose();
      drawn.current = undefined;
    },
    [],
  );
  return (
    <section id={id} class={options.isStrip ? 'plot strip-plot' : 'plot'} ref={section} aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>{title}</h3>
      {about && <p class="about">{about}</p>}
    </section>
  );
}
