import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { count } from '../../figures.ts';
import { logRange, logTicks, roundTop, shareText, tickText, wholeSteps } from './axes.ts';
import type { Column } from './curve.ts';
import { diamond } from './line_style.ts';
import type { Line } from './lines.ts';
import type { PlotOptions } from './plot.ts';

/** A series of uPlot: one column of a line, and how it is drawn. */
export interface Series {
  line: Line;
  column: Column;
  kind: Line['kind'];
}

/** The data drawn so far. */
export interface Drawn {
  steps: number[];
  /** The first step of each epoch, except for the first epoch. */
  epochs: readonly number[];
  /** Number of steps on the axis. */
  room: number;
  /** Number of steps in the moving average. */
  window: number;
  /** The value for a network that has learned nothing. */
  chance?: number | undefined;
}

/** Minimum distance in pixels between two ticks of a vertical axis. */
const tickHeight = 18;

/** Draws axes and curves with uPlot. Loaded on demand, because this code is not needed before there is a run. */
export class Chart {
  private readonly plot: uPlot;
  private readonly sizes: ResizeObserver;
  private isPointedAt = false;
  private isDragged = false;

  /**
   * @param frame filled by the chart, also when its size changes.
   * @param canvas element inside it for uPlot's elements.
   * @param point called with the row under the pointer in this chart; undefined when the pointer leaves it.
   */
  constructor(
    private readonly frame: HTMLElement,
    canvas: HTMLElement,
    private readonly series: readonly Series[],
    private readonly options: PlotOptions,
    private drawn: Drawn,
    private readonly point: (row: number | undefined, isDragged: boolean) => void,
  ) {
    this.plot = new uPlot(this.uplotOptions(), this.data(), canvas);
    this.sizes = new ResizeObserver(this.resize);
    this.sizes.observe(frame);
    // When its GPU is lost, the canvas is cleared, and its font differs from the one that uPlot has cached.
    this.plot.ctx.canvas.addEventListener('contextrestored', this.resize);
    darkness.addEventListener('change', this.redraw);
    this.plot.over.addEventListener('mouseenter', () => (this.isPointedAt = true));
    this.plot.over.addEventListener('mouseleave', () => {
      this.isPointedAt = false;
      this.point(undefined, false);
    });
    this.plot.over.addEventListener('pointermove', ({ buttons }) => {
      this.isDragged = buttons > 0;
    });
  }

  /** Moves the cursor to a row that is under the pointer elsewhere, or hides it. */
  showRow(row: number | undefined): void {
    if (this.isPointedAt) return;
    const step = row === undefined ? undefined : this.drawn.steps[row];
    const left = step === undefined ? -10 : this.plot.valToPos(step, 'x');
    if (left !== this.plot.cursor.left) this.plot.setCursor({ left, top: left < 0 ? -10 : 0 }, false);
  }

  draw(drawn: Drawn): void {
    this.drawn = drawn;
    // Drawn synchronously, so that the painting time can be measured: by default uPlot draws asynchronously.
    this.plot.batch(() => this.plot.setData(this.data()));
  }

  /** Shows or hides a line. */
  show(line: Line, shown: boolean): void {
    this.series.forEach((its, index) => {
      if (its.line === line) this.plot.setSeries(index + 1, { show: shown });
    });
  }

  dispose(): void {
    if (this.isPointedAt) this.point(undefined, false);
    darkness.removeEventListener('change', this.redraw);
    this.sizes.disconnect();
    this.plot.destroy();
  }

  private tell(row: number | null | undefined): void {
    if (this.isPointedAt) this.point(row ?? undefined, this.isDragged);
  }

  private data(): uPlot.AlignedData {
    return [this.drawn.steps, ...this.series.map(({ column }) => column)];
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
      padding: this.options.isStrip ? [14, 16, 4, 0] : [14, 16, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { size: (_, index) => (this.series[index - 1]?.kind === 'line' ? 7 : 0) },
      },
      scales: {
        x: { time: false, range: () => [1, this.drawn.room] },
        y: this.options.logarithmic
          ? { distr: 3, range: (_, least, most) => logRange(least, most) }
          : {
              range: (_, __, most) => {
                const top = Math.max(this.topFor(most), 1.2 * (this.drawn.chance ?? 0));
                return [0, this.options.share ? 1 : this.options.isStrip ? roundTop(top) : top];
              },
            },
      },
      axes: [
        {
          ...axis,
          show: !this.options.isStrip,
          size: 26,
          gap: 6,
          incrs: wholeSteps,
          values: (_, splits) => splits.map(count),
          // The longer label would be cut off in the small plots of a layer.
          label: ({ bbox }: uPlot) =>
            bbox.width < 270 * uPlot.pxRatio
              ? 'step'
              : `step (smoothed: mean of the last ${count(this.drawn.window)} steps)`,
          labelSize: 18,
          labelGap: 0,
          labelFont: axis.font,
        },
        {
          ...axis,
          // Labels of a logarithmic axis may be powers of ten.
          size: this.options.logarithmic ? 64 : 48,
          gap: 6,
          values: (_, splits) => splits.map(this.options.share ? shareText : tickText),
          ...(this.options.logarithmic && {
            splits: ({ bbox }: uPlot, _: number, least: number, most: number) =>
              logTicks(least, most, Math.floor(bbox.height / uPlot.pxRatio / tickHeight)),
            filter: (_: uPlot, splits: number[]) => splits,
          }),
          // A low strip has room for two or three labels, of which one must be the top.
          ...(this.options.isStrip && {
            splits: ({ bbox }: uPlot, _: number, least: number, most: number) =>
              bbox.height < 60 * uPlot.pxRatio ? [least, most] : [least, most / 2, most],
          }),
        },
      ],
      series: [{}, ...this.series.map(({ line, kind }) => this.style(line, kind))],
      hooks: {
        drawAxes: [() => this.drawEpochs(), () => this.drawChance()],
        draw: [() => this.nameChance()],
        setCursor: [({ cursor }) => this.tell(cursor.idx)],
      },
    };
  }

  /** If a run diverges, values above twenty times the initial ones are clipped, so that the rest remains readable. */
  private topFor(most: number): number {
    const first = Math.max(...this.series.map(({ column }) => column[0] ?? 0));
    const top = first > 0 && !this.options.whole ? Math.min(most, 20 * first) : most;
    return top > 0 ? top * 1.05 : 1;
  }

  private style({ style, name }: Line, kind: Line['kind']): uPlot.Series {
    const stroke = () => this.color(style.color);
    const shared = { label: name, stroke, points: { show: false } };
    if (kind === 'noise') return { ...shared, width: 1, alpha: 0.2 };
    const dash = [...style.dash];
    if (kind === 'line') return { ...shared, width: 2, dash, spanGaps: true };
    const show = (_: uPlot, series: number) => this.drawMarks(series);
    return { ...shared, width: 1.5, dash, spanGaps: true, points: { show } };
  }

  /** Draws diamonds, which unlike uPlot's round points differ from a line's bends. */
  private drawMarks(series: number): boolean {
    const { ctx, data } = this.plot;
    const size = 4.5 * uPlot.pxRatio;
    ctx.fillStyle = this.color(this.series[series - 1]!.line.style.color);
    (data[series] as Column).forEach((value, index) => {
      if (value === null) return;
      const x = this.plot.valToPos(data[0]![index]!, 'x', true);
      const y = this.plot.valToPos(value, 'y', true);
      ctx.fill(new Path2D(diamond(x, y, size)));
    });
    return false;
  }

  /** A thin line at the beginning of each epoch, with its number if there is room. */
  private drawEpochs(): void {
    const { ctx, bbox } = this.plot;
    ctx.save();
    ctx.strokeStyle = this.color('--rule-strong');
    ctx.fillStyle = this.color('--muted');
    ctx.lineWidth = uPlot.pxRatio;
    ctx.font = `${11 * uPlot.pxRatio}px system-ui, sans-serif`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'bottom';
    const places = this.drawn.epochs.map((step) => Math.round(this.plot.valToPos(step, 'x', true)));
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

  /** A dotted line at the value of a network that has learned nothing. */
  private drawChance(): void {
    const { chance } = this.drawn;
    if (chance === undefined) return;
    const { ctx, bbox } = this.plot;
    const y = Math.round(this.plot.valToPos(chance, 'y', true));
    ctx.save();
    ctx.strokeStyle = this.color('--muted');
    ctx.lineWidth = uPlot.pxRatio;
    ctx.setLineDash([2 * uPlot.pxRatio, 4 * uPlot.pxRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }

  /** The name of that line, which covers the lines of the run behind it. */
  private nameChance(): void {
    const { chance } = this.drawn;
    if (chance === undefined) return;
    const { ctx, bbox } = this.plot;
    const label = ['chance', bbox.left + bbox.width, this.plot.valToPos(chance, 'y', true) - uPlot.pxRatio] as const;
    ctx.save();
    ctx.font = `${11 * uPlot.pxRatio}px system-ui, sans-serif`;
    ctx.textAlign = 'right';
    ctx.textBaseline = 'bottom';
    ctx.lineWidth = 4 * uPlot.pxRatio;
    ctx.lineJoin = 'round';
    ctx.strokeStyle = this.color('--panel');
    ctx.strokeText(...label);
    ctx.fillStyle = this.color('--muted');
    ctx.fillText(...label);
    ctx.restore();
  }

  private size(): { width: number; height: number } {
    const { width, height } = this.frame.getBoundingClientRect();
    return { width: Math.max(160, Math.floor(width)), height: Math.floor(height) };
  }

  private color(property: string): string {
    return getComputedStyle(this.frame).getPropertyValue(property);
  }

  private readonly resize = () => this.plot.setSize(this.size());
  private readonly redraw = () => this.plot.redraw(false);
}

const darkness = matchMedia('(prefers-color-scheme: dark)');
