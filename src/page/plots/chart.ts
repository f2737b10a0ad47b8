import { count } from '../../figures.ts';
import { element } from '../ui/dom.ts';
import { linearTicks, logRange, logTicks, shareText, stepTicks, tickText } from './axes.ts';
import type { Column } from './curve.ts';
import { diamond } from './line_style.ts';
import type { Line } from './lines.ts';
import type { PlotOptions } from './plot.ts';
import './chart.css';

/** One column of a line, and how it is drawn. */
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

/** Minimum distances in pixels between two ticks of an axis. */
const distances = { steps: 60, linear: 24, logarithmic: 18 };
/**
 * Space in pixels around the curves: for ticks and labels, and at the top for the numbers of the epochs. Labels of a logarithmic axis
 * may be powers of ten, and a strip has no labels below.
 */
const margins = { top: 14, right: 16, bottom: 44, left: 48, leftOfPowers: 64, bottomOfStrip: 4 };
const fonts = { axis: '12px system-ui, sans-serif', note: '11px system-ui, sans-serif' };

/**
 * Draws axes and curves, and a cursor at the step that is pointed at here or elsewhere. Loaded on demand, because this code is not
 * needed before there is a run.
 */
export class Chart {
  private readonly picture = element('canvas', {});
  private readonly cursor = element('div', { class: 'plot-cursor' });
  /** Receives the pointer: the rectangle between the axes. */
  private readonly area = element('div', { class: 'plot-area' }, this.cursor);
  /** One for each series of kind `line`. */
  private readonly dots = new Map<Series, HTMLElement>();
  private readonly sizes: ResizeObserver;
  private readonly hidden = new Set<Line>();
  private readonly colors = new Map<string, string>();
  private width = 0;
  private height = 0;
  /** The range of the vertical axis. */
  private least = 0;
  private most = 1;
  /** Distance of the pointer from the left edge of the area, while it is over this chart. */
  private pointer: number | undefined;
  private isDragged = false;
  private row: number | undefined;

  /**
   * @param frame filled by the chart, also when its size changes.
   * @param place element inside it for the chart's elements.
   * @param point called with the row under the pointer in this chart; undefined when the pointer leaves it.
   */
  constructor(
    private readonly frame: HTMLElement,
    private readonly place: HTMLElement,
    private readonly series: readonly Series[],
    private readonly options: PlotOptions,
    private drawn: Drawn,
    private readonly point: (row: number | undefined, isDragged: boolean) => void,
  ) {
    for (const each of series) {
      if (each.kind !== 'line') continue;
      const dot = element('i', { class: 'plot-dot' });
      dot.style.background = `var(${each.line.style.color})`;
      this.dots.set(each, dot);
      this.area.append(dot);
    }
    place.replaceChildren(this.picture, this.area);
    this.sizes = new ResizeObserver(this.resize);
    this.sizes.observe(frame);
    // The canvas is cleared when its GPU is lost.
    this.picture.addEventListener('contextrestored', this.redraw);
    darkness.addEventListener('change', this.redraw);
    this.area.addEventListener('pointermove', this.follow);
    this.area.addEventListener('pointerdown', (event) => this.area.setPointerCapture(event.pointerId));
    this.area.addEventListener('pointerleave', () => {
      this.pointer = undefined;
      this.point(undefined, false);
    });
    this.resize();
  }

  /** Moves the cursor to a row that is under the pointer elsewhere, or hides it. */
  showRow(row: number | undefined): void {
    if (this.pointer === undefined) this.moveCursor(row);
  }

  draw(drawn: Drawn): void {
    this.drawn = drawn;
    this.paint();
    this.followPointer();
  }

  /** Shows or hides a line. */
  show(line: Line, shown: boolean): void {
    if (shown) this.hidden.delete(line);
    else this.hidden.add(line);
    this.paint();
  }

  dispose(): void {
    if (this.pointer !== undefined) this.point(undefined, false);
    darkness.removeEventListener('change', this.redraw);
    this.sizes.disconnect();
    this.place.replaceChildren();
  }

  private readonly follow = (event: PointerEvent) => {
    this.pointer = event.clientX - this.area.getBoundingClientRect().left;
    this.isDragged = event.buttons > 0;
    this.followPointer();
  };

  /** The axis may have changed below a pointer that rests. */
  private followPointer(): void {
    if (this.pointer === undefined) return;
    const row = nearest(this.drawn.steps, 1 + (this.pointer / this.width) * (this.drawn.room - 1));
    this.moveCursor(row);
    this.point(row, this.isDragged);
  }

  private moveCursor(row: number | undefined): void {
    this.row = row;
    const step = row === undefined ? undefined : this.drawn.steps[row];
    this.area.classList.toggle('pointed', step !== undefined);
    if (step === undefined) return;
    this.cursor.style.translate = `${this.x(step)}px`;
    for (const [{ column, line }, dot] of this.dots) {
      const value = column[row!] ?? null;
      dot.hidden = value === null || this.hidden.has(line);
      if (!dot.hidden) dot.style.translate = `${this.x(step)}px ${this.y(value!)}px`;
    }
  }

  private get shown(): Series[] {
    return this.series.filter(({ line }) => !this.hidden.has(line));
  }

  /** Distances in pixels from the left and top edges of the area. */
  private x(step: number): number {
    return ((step - 1) / (this.drawn.room - 1)) * this.width;
  }
  private y(value: number): number {
    const of = (number: number) => (this.options.logarithmic ? Math.log10(number) : number);
    return (1 - (of(value) - of(this.least)) / (of(this.most) - of(this.least))) * this.height;
  }

  private setRange(): void {
    let [least, most] = [Infinity, -Infinity];
    for (const { column } of this.shown) {
      for (const value of column) {
        if (value === null || (this.options.logarithmic && value <= 0)) continue;
        if (value < least) least = value;
        if (value > most) most = value;
      }
    }
    const { logarithmic, share } = this.options;
    if (logarithmic) [this.least, this.most] = least > most ? logRange(null, null) : logRange(least, most);
    else [this.least, this.most] = [0, share ? 1 : Math.max(this.topFor(most), 1.2 * (this.drawn.chance ?? 0))];
  }

  /** If a run diverges, values above twenty times the initial ones are clipped, so that the rest remains readable. */
  private topFor(most: number): number {
    const first = Math.max(...this.series.map(({ column }) => column[0] ?? 0));
    const top = first > 0 && !this.options.whole ? Math.min(most, 20 * first) : most;
    return top > 0 ? top * 1.05 : 1;
  }

  private paint(): void {
    const ratio = devicePixelRatio;
    const [width, height] = [this.width + this.left + margins.right, this.height + margins.top + this.bottom];
    const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.picture.width !== columns || this.picture.height !== rows) {
      [this.picture.width, this.picture.height] = [columns, rows];
      [this.picture.style.width, this.picture.style.height] = [`${width}px`, `${height}px`];
    }
    const context = this.picture.getContext('2d')!;
    this.colors.clear();
    this.setRange();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    // From here on, the origin is the area's upper left corner.
    context.translate(this.left, margins.top);
    context.lineWidth = 1;
    this.paintAxes(context);
    this.paintEpochs(context);
    this.paintChance(context);
    context.save();
    context.beginPath();
    context.rect(0, -1, this.width, this.height + 2);
    context.clip();
    for (const each of this.shown) {
      this.paintLine(context, each);
      if (each.kind === 'marks') this.paintMarks(context, each);
    }
    context.restore();
  }

  private paintAxes(context: CanvasRenderingContext2D): void {
    const { logarithmic, share, isStrip } = this.options;
    const room = (distance: number) => Math.max(1, Math.floor(this.height / distance));
    const values = logarithmic
      ? logTicks(this.least, this.most, room(distances.logarithmic))
      : linearTicks(this.least, this.most, room(distances.linear));
    const steps = isStrip ? [] : stepTicks(this.drawn.room, Math.max(1, Math.floor(this.width / distances.steps)));
    context.strokeStyle = this.color('--rule');
    context.beginPath();
    for (const value of values) line(context, 0, this.y(value), this.width, this.y(value));
    for (const step of steps) line(context, this.x(step), 0, this.x(step), this.height);
    context.stroke();
    context.fillStyle = this.color('--muted');
    context.font = fonts.axis;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const value of values) context.fillText((share ? shareText : tickText)(value), -6, this.y(value));
    if (isStrip) return;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    for (const step of steps) this.labelBelow(context, count(step), this.x(step), 6);
    const about = `step (smoothed: mean of the last ${count(this.drawn.window)} steps)`;
    this.labelBelow(context, about, this.width / 2, 26);
  }

  /** Centered at `x` unless it would be cut off at the right. @param y distance from the area's lower edge. */
  private labelBelow(context: CanvasRenderingContext2D, text: string, x: number, y: number): void {
    const half = context.measureText(text).width / 2;
    context.fillText(text, Math.min(x, this.width + margins.right - half), this.height + y);
  }

  /** A thin line at the beginning of each epoch, with its number if there is room. */
  private paintEpochs(context: CanvasRenderingContext2D): void {
    const places = this.drawn.epochs.map((step) => this.x(step));
    const distance = Math.min(...places.map((x, i) => (places[i + 1] ?? this.width) - x), Infinity);
    context.strokeStyle = this.color('--rule-strong');
    context.fillStyle = this.color('--muted');
    context.font = fonts.note;
    context.textAlign = 'left';
    context.textBaseline = 'bottom';
    context.beginPath();
    places.forEach((x, index) => {
      line(context, x, 0, x, this.height);
      if (distance > 18 || index === places.length - 1) {
        context.fillText(distance > 60 ? `epoch ${index + 2}` : String(index + 2), x, -1);
      }
    });
    context.stroke();
  }

  /** A dotted line at the value of a network that has learned nothing. */
  private paintChance(context: CanvasRenderingContext2D): void {
    const { chance } = this.drawn;
    if (chance === undefined) return;
    const y = this.y(chance);
    context.strokeStyle = this.color('--muted');
    context.fillStyle = this.color('--muted');
    context.font = fonts.note;
    context.textAlign = 'right';
    context.textBaseline = 'bottom';
    context.setLineDash([2, 4]);
    context.beginPath();
    line(context, 0, y, this.width, y);
    context.stroke();
    context.setLineDash([]);
    context.fillText('chance', this.width, y - 1);
  }

  /** Gaps in a smoothed line are bridged; in the noise they remain. */
  private paintLine(context: CanvasRenderingContext2D, { line, column, kind }: Series): void {
    const isNoise = kind === 'noise';
    context.globalAlpha = isNoise ? 0.2 : 1;
    context.lineWidth = { noise: 1, line: 2, marks: 1.5 }[kind];
    context.strokeStyle = this.color(line.style.color);
    context.setLineDash(isNoise ? [] : [...line.style.dash]);
    context.beginPath();
    let isOpen = false;
    for (const { x, y } of this.points(column)) {
      if (y === undefined) {
        if (isNoise) isOpen = false;
      } else {
        if (isOpen) context.lineTo(x, y);
        else context.moveTo(x, y);
        isOpen = true;
      }
    }
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  /** Draws diamonds, which unlike round points differ from a line's bends. */
  private paintMarks(context: CanvasRenderingContext2D, { line, column }: Series): void {
    context.fillStyle = this.color(line.style.color);
    for (const { x, y } of this.points(column)) if (y !== undefined) context.fill(new Path2D(diamond(x, y, 4.5)));
  }

  private *points(column: Column): Iterable<{ x: number; y: number | undefined }> {
    const { steps } = this.drawn;
    for (let row = 0; row < steps.length; row++) {
      const value = column[row] ?? null;
      const isMissing = value === null || (this.options.logarithmic && value <= 0);
      yield { x: this.x(steps[row]!), y: isMissing ? undefined : this.y(value) };
    }
  }

  private get bottom(): number {
    return this.options.isStrip ? margins.bottomOfStrip : margins.bottom;
  }

  private get left(): number {
    return this.options.logarithmic ? margins.leftOfPowers : margins.left;
  }

  /** Computed once per painting. */
  private color(property: string): string {
    const color = this.colors.get(property) ?? getComputedStyle(this.frame).getPropertyValue(property);
    this.colors.set(property, color);
    return color;
  }

  private readonly resize = () => {
    const { width, height } = this.frame.getBoundingClientRect();
    this.width = Math.max(160, Math.floor(width)) - this.left - margins.right;
    this.height = Math.max(20, Math.floor(height) - margins.top - this.bottom);
    Object.assign(this.area.style, {
      left: `${this.left}px`,
      top: `${margins.top}px`,
      width: `${this.width}px`,
      height: `${this.height}px`,
    });
    this.redraw();
  };
  private readonly redraw = () => {
    this.paint();
    this.moveCursor(this.row);
  };
}

const darkness = matchMedia('(prefers-color-scheme: dark)');

/** Adds a horizontal or vertical line of one sharp pixel to a path. */
function line(context: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  const [left, top] = [Math.round(x) + (x === toX ? 0.5 : 0), Math.round(y) + (y === toY ? 0.5 : 0)];
  context.moveTo(left, top);
  context.lineTo(x === toX ? left : Math.round(toX), y === toY ? top : Math.round(toY));
}

/** The index of the number in an ascending list that is closest to a number. */
function nearest(numbers: readonly number[], to: number): number | undefined {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle]! + numbers[middle + 1]!) / 2 < to) low = middle + 1;
    else high = middle;
  }
  return numbers.length ? low : undefined;
}
