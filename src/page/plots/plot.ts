import { count } from '../../figures.ts';
import { element } from '../ui/dom.ts';
import { roomFor, windowFor } from './axes.ts';
import type { Chart, Drawn, Series } from './chart.ts';
import type { Column } from './curve.ts';
import type { Curves } from './curves.ts';
import { Legend } from './legend.ts';
import type { Line } from './lines.ts';
import { Painter } from './painter.ts';
import './plot.css';

export interface PlotOptions {
  logarithmic?: boolean;
  /** The axis includes every value; by default a diverging loss is clipped, so that earlier values remain readable. */
  whole?: boolean;
  /** The values are fractions, shown in percent; the axis ends at 100 %. */
  share?: boolean;
  /** One of several plots below each other that share the first one's axis of steps: low, and without labels. */
  isStrip?: boolean;
  /** Text alternative for users who can't see the curves. */
  description: string;
  /** Placeholder text before there are curves. */
  empty: string;
}

/** The row whose values are shown. */
export interface ShownRow {
  row: number;
  step: number;
  /** Whether it is the row under the pointer, not the last one. */
  isPointedAt: boolean;
}

/** A plot over the steps of a run, with its legend, in a section of the page. */
export class Plot {
  private readonly frame: HTMLElement;
  private readonly canvas: HTMLElement;
  private readonly legend: Legend;
  private readonly painter: Painter;
  private made: typeof Chart | undefined;
  private chart: Chart | undefined;
  private readonly hidden = new Set<Line>();
  private shown: ShownRow | undefined;
  private drawn: Drawn = { steps: [], epochs: [], room: roomFor(0, Infinity), window: windowFor(0) };

  constructor(
    section: HTMLElement,
    private readonly lines: readonly Line[],
    private readonly options: PlotOptions,
    /** Called with the step under the pointer. */
    private readonly point: (step: number | undefined, isDragged: boolean) => void,
  ) {
    this.legend = new Legend(lines, options.share ?? false, (line, shown) => {
      if (shown) this.hidden.delete(line);
      else this.hidden.add(line);
      this.chart?.show(line, shown);
    });
    this.canvas = element('div', { role: 'img', 'aria-label': options.description });
    this.frame = element('div', { class: 'frame empty', 'data-empty': options.empty }, this.canvas);
    section.append(this.legend.place, this.legend.root, this.frame);
    this.painter = new Painter(this.frame, () => this.paint());
  }

  /** Shows the current curves: values at once, the drawing when it is scheduled. @param made draws the curves. */
  draw(
    { steps, epochs }: Curves,
    room: number,
    window: number,
    made: typeof Chart | undefined,
    shown: ShownRow | undefined,
    chance?: number,
  ): void {
    this.drawn = { steps, epochs, room, window, chance };
    this.frame.classList.toggle('empty', steps.length === 0);
    this.made = made;
    this.shown = shown;
    this.showValues();
    if (made) this.painter.ask();
  }

  /** Shows the values of another row. */
  show(shown: ShownRow | undefined): void {
    this.shown = shown;
    this.showValues();
    this.showCursor();
  }

  dispose(): void {
    this.painter.dispose();
    this.chart?.dispose();
    for (const part of [this.legend.place, this.legend.root, this.frame]) part.remove();
  }

  private paint(): void {
    if (this.chart) this.chart.draw(this.drawn);
    else if (this.made) this.begin(this.made);
    this.showCursor();
  }

  private showCursor(): void {
    this.chart?.showRow(this.shown?.isPointedAt ? this.shown.row : undefined);
  }

  private begin(made: typeof Chart): void {
    // Noise is drawn first, so that it doesn't cover any line.
    const series: Series[] = [
      ...this.lines.flatMap((line) => (line.faint ? [{ line, column: line.faint, kind: 'noise' as const }] : [])),
      ...this.lines.map((line) => ({ line, column: line.column, kind: line.kind })),
    ];
    this.chart = new made(this.frame, this.canvas, series, this.options, this.drawn, (row, isDragged) =>
      this.point(row === undefined ? undefined : this.drawn.steps[row], isDragged),
    );
    for (const line of this.hidden) this.chart.show(line, false);
  }

  private showValues(): void {
    const { row, step } = this.shown ?? { row: -1 };
    this.legend.show(
      step === undefined ? '' : `step ${count(step)}`,
      this.lines.map(({ column, kind }) => (kind === 'noise' ? column[row] : lastBefore(column, row))),
    );
  }
}

function lastBefore(column: Column, index: number): number | null {
  for (let i = index; i >= 0; i--) if (column[i] !== null) return column[i]!;
  return null;
}
