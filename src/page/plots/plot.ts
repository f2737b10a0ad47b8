import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { count } from '../../figures.ts';
import { element } from '../dom.ts';
import { logRange, logTicks, roomFor, tickText, wholeSteps, windowFor } from './axes.ts';
import type { Column } from './curve.ts';
import type { Curves } from './curves.ts';
import { Legend } from './legend.ts';
import type { Line } from './lines.ts';
import { diamond } from './look.ts';

export interface PlotOptions {
  logarithmic?: boolean;
  /** The axis ends at 1. */
  share?: boolean;
  /** For whoever can't see the curves. */
  description: string;
  /** Stands where the curves will be. */
  empty: string;
}

/** Pixels from one tick of a vertical axis to the next, at the least. */
const tickHeight = 18;

/** A plot over the steps of a run, with its legend, in a section of the page. */
export class Plot {
  private readonly plot: uPlot;
  private readonly frame: HTMLElement;
  private readonly legend: Legend;
  /** What uPlot calls series: the noise first, so that no line lies beneath it. */
  private readonly series: { line: Line; column: Column; kind: Line['kind'] }[];
  private readonly sizes: ResizeObserver;
  private steps: number[] = [];
  private epochs: readonly number[] = [];
  private room = roomFor(0, Infinity);
  private window = windowFor(0);

  constructor(
    private readonly section: HTMLElement,
    private readonly lines: readonly Line[],
    private readonly options: PlotOptions,
  ) {
    this.series = [
      ...lines.flatMap((line) => (line.faint ? [{ line, column: line.faint, kind: 'noise' as const }] : [])),
      ...lines.map((line) => ({ line, column: line.column, kind: line.kind })),
    ];
    this.legend = new Legend(lines, (line, shown) => {
      this.series.forEach(({ line: its }, index) => {
        if (its === line) this.plot.setSeries(index + 1, { show: shown });
      });
    });
    const canvas = element('div', { role: 'img', 'aria-label': options.description });
    this.frame = element('div', { class: 'frame empty', 'data-empty': options.empty }, canvas);
    section.append(this.legend.place, this.legend.root, this.frame);
    this.plot = new uPlot(this.uplotOptions(), this.data(), canvas);
    this.sizes = new ResizeObserver(() => this.plot.setSize(this.size()));
    this.sizes.observe(this.frame);
    darkness.addEventListener('change', this.redraw);
  }

  /** Draws the curves as far as they got. */
  draw({ steps, epochs }: Curves, room: number, window: number): void {
    this.steps = steps;
    this.epochs = epochs;
    this.room = room;
    this.window = window;
    this.frame.classList.toggle('empty', steps.length === 0);
    this.plot.setData(this.data());
    this.showValues();
  }

  dispose(): void {
    darkness.removeEventListener('change', this.redraw);
    this.sizes.disconnect();
    this.plot.destroy();
    for (const part of [this.legend.place, this.legend.root, this.frame]) part.remove();
  }

  private data(): uPlot.AlignedData {
    return [this.steps, ...this.series.map(({ column }) => column)];
  }

  private uplotOptions(): uPlot.Options {
    const axis: uPlot.Axis = {
      stroke: () => this.color('--muted'),
      font: '12px system-ui, sans-serif',
      grid: { stroke: () => this.color('--rule'), width: 1 },
      ticks: { show: false },
    };
    return {
      ...this.size(),
      padding: [14, 16, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        sync: { key: 'steps', setSeries: false },
        points: { size: (_, index) => (this.series[index - 1]?.kind === 'line' ? 7 : 0) },
      },
      scales: {
        x: { time: false, range: () => [1, this.room] },
        y: this.options.logarithmic
          ? { distr: 3, range: (_, least, most) => logRange(least, most) }
          : { range: (_, __, most) => [0, this.options.share ? 1 : most > 0 ? most * 1.05 : 1] },
      },
      axes: [
        {
          ...axis,
          size: 26,
          gap: 6,
          incrs: wholeSteps,
          values: (_, splits) => splits.map(count),
          label: () => `step (smoothed: mean of the last ${count(this.window)} steps)`,
          labelSize: 18,
          labelGap: 0,
          labelFont: axis.font,
        },
        {
          ...axis,
          size: 48,
          gap: 6,
          values: (_, splits) => splits.map(tickText),
          ...(this.options.logarithmic && {
            splits: ({ bbox }: uPlot, _: number, least: number, most: number) =>
              logTicks(least, most, Math.floor(bbox.height / uPlot.pxRatio / tickHeight)),
            filter: (_: uPlot, splits: number[]) => splits,
          }),
        },
      ],
      series: [{}, ...this.series.map(({ line, kind }) => this.style(line, kind))],
      hooks: { drawAxes: [() => this.drawEpochs()], setLegend: [() => this.showValues()] },
    };
  }

  private style({ look, name }: Line, kind: Line['kind']): uPlot.Series {
    const stroke = () => this.color(look.color);
    const shared = { label: name, stroke, points: { show: false } };
    if (kind === 'noise') return { ...shared, width: 1, alpha: 0.2 };
    const dash = [...look.dash];
    if (kind === 'line') return { ...shared, width: 2, dash, spanGaps: true };
    const show = (_: uPlot, series: number) => this.drawMarks(series);
    return { ...shared, width: 1.5, dash, spanGaps: true, points: { show } };
  }

  /** uPlot knows round points; a diamond is told from a line's bends. */
  private drawMarks(series: number): boolean {
    const { ctx, data } = this.plot;
    const size = 4.5 * uPlot.pxRatio;
    ctx.fillStyle = this.color(this.series[series - 1]!.line.look.color);
    (data[series] as Column).forEach((value, index) => {
      if (value === null) return;
      const x = this.plot.valToPos(data[0]![index]!, 'x', true);
      const y = this.plot.valToPos(value, 'y', true);
      ctx.fill(new Path2D(diamond(x, y, size)));
    });
    return false;
  }

  /** A thin line where an epoch begins, with its number while there is room. */
  private drawEpochs(): void {
    const { ctx, bbox } = this.plot;
    ctx.save();
    ctx.strokeStyle = this.color('--rule-strong');
    ctx.fillStyle = this.color('--muted');
    ctx.lineWidth = uPlot.pxRatio;
    ctx.font = `${11 * uPlot.pxRatio}px system-ui, sans-serif`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'bottom';
    const places = this.epochs.map((step) => Math.round(this.plot.valToPos(step, 'x', true)));
    const distance = Math.min(...places.map((x, i) => (places[i + 1] ?? bbox.left + bbox.width) - x), Infinity);
    ctx.beginPath();
    places.forEach((x, index) => {
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      if (distance > 18 * uPlot.pxRatio || index === places.length - 1) {
        const text = distance > 60 * uPlot.pxRatio ? `epoch ${index + 2}` : String(index + 2);
        ctx.fillText(text, x, bbox.top - uPlot.pxRatio);
      }
    });
    ctx.stroke();
    ctx.restore();
  }

  /** At the cursor, else the latest. */
  private showValues(): void {
    const hovered = this.plot.cursor.idx;
    const index = hovered ?? this.steps.length - 1;
    this.legend.show(
      index < 0 ? '' : `step ${count(this.steps[index]!)}`,
      this.lines.map(({ column, kind }) => (kind === 'noise' ? column[index] : lastBefore(column, index))),
    );
  }

  private size(): { width: number; height: number } {
    const { width, height } = this.frame.getBoundingClientRect();
    return { width: Math.max(160, Math.floor(width)), height: Math.floor(height) };
  }

  private color(property: string): string {
    return getComputedStyle(this.section).getPropertyValue(property);
  }

  private readonly redraw = () => this.plot.redraw(false);
}

const darkness = matchMedia('(prefers-color-scheme: dark)');

function lastBefore(column: Column, index: number): number | null {
  for (let i = index; i >= 0; i--) if (column[i] !== null) return column[i]!;
  return null;
}
