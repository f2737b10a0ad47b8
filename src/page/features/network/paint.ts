import type { VerdictName } from '../../../index.ts';
import { relativeMarks, relativePlace } from '../../plots/relative_place.ts';
import { relativeColor } from '../../plots/relative_scale.ts';
import type { Block } from './blocks.ts';
import type { Layout, Point } from './layout.ts';
import { pointOn } from './layout.ts';
import { fillAt, type Light } from './light.ts';

/** Colors of the page's style that the drawing uses. */
export interface Palette {
  ink: string;
  muted: string;
  panel: string;
  page: string;
  rule: string;
  strong: string;
  accent: string;
  warn: string;
  bad: string;
}

/** The current values of the custom properties in style.css. */
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: color('ink'),
    muted: color('muted'),
    panel: color('panel'),
    page: color('page'),
    rule: color('rule'),
    strong: color('rule-strong'),
    accent: color('accent'),
    warn: color('warn-ink'),
    bad: color('bad-ink'),
  };
}

/** The state of a network in one step, as the drawing shows it. */
export interface Scene {
  /** The layer's relative gradient: NaN if it is not finite, undefined if it is unknown. */
  relativeGradient(layer: string): number | undefined;
  verdict(layer: string): VerdictName | undefined;
  /** The block's output for one image, if it is available. */
  picture(block: Block): CanvasImageSource | undefined;
  light?: Light | undefined;
  /** The loss of the step as text. */
  loss?: string | undefined;
  /** The chosen layer. */
  chosen?: string | undefined;
}

const font = (size: number, weight = 400) => `${weight} ${size}px system-ui, sans-serif`;

/** Paints the whole drawing onto a cleared canvas, in CSS pixels. */
export function paintNetwork(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  layout: Layout,
  scene: Scene,
  palette: Palette,
): void {
  paintEdges(context, layout, palette);
  for (const row of layout.rows) paintChart(context, row, layout.text, palette);
  paintBars(context, layout, scene, palette);
  paintFeet(context, layout, scene, palette);
  for (const placed of layout.blocks) paintBlock(context, placed, scene, palette, layout.text);
  paintLoss(context, layout, scene, palette);
  if (scene.light) paintLight(context, layout, scene, scene.light, palette);
}

type Context = Parameters<typeof paintNetwork>[0];

function paintEdges(context: Context, { edges, loss, blocks, columns }: Layout, palette: Palette): void {
  context.lineWidth = 1.5;
  context.lineJoin = 'round';
  for (const { lines, isShortcut } of edges) {
    context.strokeStyle = isShortcut ? palette.accent : palette.strong;
    for (const line of lines) traceRounded(context, line);
  }
  const last = blocks.find(({ block }) => block.column === columns - 1 && block.lane === 0);
  if (!last) return;
  context.strokeStyle = palette.strong;
  traceRounded(context, [
    { x: last.x + last.width, y: loss.y },
    { x: loss.x, y: loss.y },
  ]);
}

function traceRounded(context: Context, line: readonly Point[]): void {
  context.beginPath();
  context.moveTo(line[0]!.x, line[0]!.y);
  for (let i = 1; i < line.length - 1; i++) {
    context.arcTo(line[i]!.x, line[i]!.y, line[i + 1]!.x, line[i + 1]!.y, 8);
  }
  const end = line.at(-1)!;
  context.lineTo(end.x, end.y);
  context.stroke();
}

/** Vertical position of a relative gradient in a chart, whose middle is 1. */
const heightOf = (value: number, { chartTop, chartBottom }: { chartTop: number; chartBottom: number }) =>
  (chartTop + chartBottom) / 2 - (relativePlace(value) * (chartBottom - chartTop)) / 2;

function paintChart(context: Context, row: Layout['rows'][number], text: number, palette: Palette): void {
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  context.font = font(text - 1);
  for (const { value, kind } of relativeMarks) {
    if (kind === 'least' || kind === 'most') continue;
    const y = Math.round(heightOf(value, row)) + 0.5;
    context.strokeStyle = palette.strong;
    context.lineWidth = 1;
    context.setLineDash(kind === 'threshold' ? [2, 3] : []);
    context.beginPath();
    context.moveTo(row.left, y);
    context.lineTo(row.right, y);
    context.stroke();
    context.fillStyle = palette.muted;
    context.fillText(String(value), row.left - 4, y);
  }
  context.setLineDash([]);
}

/** A color of the scale in CSS syntax. */
function relativeStyle(value: number): string {
  const color = relativeColor(value);
  return `rgb(${color & 255} ${(color >> 8) & 255} ${(color >> 16) & 255})`;
}

/** Minimum height of a bar, for a layer whose gradient equals that of the last one. */
const stub = 3;

function paintBars(context: Context, { bars, rows }: Layout, scene: Scene, palette: Palette): void {
  for (const { layer, column, x, y, width, height } of bars) {
    const value = scene.relativeGradient(layer);
    if (value === undefined) continue;
    const row = rows.find(({ chartTop }) => chartTop === y)!;
    const middle = y + height / 2;
    // A non-finite value fills the chart upwards, and zero fills it downwards: the verdict below distinguishes them.
    const full = Number.isNaN(value) ? y : value === 0 ? y + height : heightOf(value, row);
    context.fillStyle = Number.isNaN(value) ? palette.bad : relativeStyle(value);
    context.strokeStyle = palette.muted;
    context.lineWidth = 1;
    const fill = fillAt(scene.light, column);
    // The whole bar stays visible behind the part that the light has filled.
    for (const [part, alpha] of [
      [1, fill < 1 ? 0.25 : 1],
      [fill, 1],
    ] as const) {
      const reach = (full - middle) * part;
      const top = Math.min(middle, middle + reach) - (Math.abs(reach) < stub ? stub / 2 : 0);
      const tall = Math.max(stub, Math.abs(reach));
      context.globalAlpha = alpha;
      context.beginPath();
      context.roundRect(x, top, width, tall, Math.min(3, tall / 2));
      context.fill();
      context.stroke();
    }
  }
}

/** Verdicts drawn in the color of errors, as opposed to warnings. */
const isBad = (verdict: VerdictName) => verdict === 'exploding' || verdict === 'non-finite';

function paintFeet(context: Context, { feet, text }: Layout, scene: Scene, palette: Palette): void {
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  for (const { x, nameAt, verdictAt, width, name, measured } of feet) {
    const isChosen = scene.chosen !== undefined && measured.includes(scene.chosen);
    context.font = font(text, isChosen ? 600 : 400);
    context.fillStyle = isChosen ? palette.ink : palette.muted;
    // The text is condensed a little before it is cut off.
    context.fillText(shortened(context, name, 1.2 * width), x, nameAt, width - 3);
    const verdicts = measured.map((layer) => scene.verdict(layer));
    const verdict = verdicts.find((each) => each && each !== 'healthy') ?? verdicts.find(Boolean);
    if (!verdict) continue;
    const isHealthy = verdict === 'healthy';
    context.font = font(text, isHealthy ? 400 : 600);
    context.fillStyle = isHealthy ? palette.muted : isBad(verdict) ? palette.bad : palette.warn;
    context.fillText(verdict, x, verdictAt, width - 3);
  }
}

function shortened(context: Context, name: string, width: number): string {
  if (context.measureText(name).width <= width) return name;
  let end = name.length - 1;
  while (end > 1 && context.measureText(`${name.slice(0, end)}…`).width > width) end--;
  return `${name.slice(0, end)}…`;
}

function paintBlock(
  context: Context,
  { block, x, y, width, height }: Layout['blocks'][number],
  scene: Scene,
  palette: Palette,
  text: number,
): void {
  const { light } = scene;
  const nearness = light ? Math.max(0, 1 - Math.abs(light.at - block.column) / 0.6) : 0;
  const isChosen = scene.chosen !== undefined && block.measured.includes(scene.chosen);
  const round = block.kind === 'merge' ? width / 2 : 6;
  context.beginPath();
  context.roundRect(x, y, width, height, round);
  context.fillStyle = palette.page;
  context.fill();
  const picture = block.kind === 'merge' ? undefined : scene.picture(block);
  if (picture) {
    context.save();
    context.clip();
    // A grid may have more cells than there are units. These are hatched, because white would be the largest value.
    context.beginPath();
    for (let at = 0; at < 2 * width; at += 4) {
      context.moveTo(x + at, y);
      context.lineTo(x + at - height, y + height);
    }
    context.lineWidth = 1;
    context.strokeStyle = palette.muted;
    context.stroke();
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, x, y, width, height);
    context.restore();
  } else paintInside(context, block, { x: x + width / 2, y: y + height / 2 }, palette, text);
  context.beginPath();
  context.roundRect(x, y, width, height, round);
  context.lineWidth = isChosen ? 2.5 : 1.5;
  context.strokeStyle = isChosen ? palette.accent : palette.muted;
  context.stroke();
  if (nearness === 0) return;
  context.globalAlpha = nearness;
  context.lineWidth = 3;
  context.strokeStyle = light!.pass === 'forward' ? palette.accent : gradientColor(scene, block, palette);
  context.stroke();
  context.globalAlpha = 1;
}

function gradientColor(scene: Scene, { measured }: Block, palette: Palette): string {
  const value = measured[0] === undefined ? undefined : scene.relativeGradient(measured[0]);
  return value === undefined || Number.isNaN(value) ? palette.muted : relativeStyle(value);
}

/** Content of a block without a picture: its shape, or a plus sign for a merge. */
function paintInside(context: Context, { kind, shape }: Block, at: Point, palette: Palette, text: number): void {
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = palette.muted;
  if (kind === 'merge') {
    context.font = font(text + 4, 600);
    context.fillText('+', at.x, at.y + 0.5);
    return;
  }
  context.font = font(text - 1);
  const [height, width, channels] = shape;
  const lines =
    shape.length === 3 ? [`${height} × ${width}`, channels === 1 ? '' : `× ${channels}`] : [String(shape[0])];
  const shown = lines.filter(Boolean);
  shown.forEach((line, i) => {
    context.fillText(line, at.x, at.y + (i - (shown.length - 1) / 2) * (text + 2));
  });
}

function paintLoss(context: Context, { loss, text, width }: Layout, scene: Scene, palette: Palette): void {
  const room = width - loss.x - 4;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.fillStyle = palette.ink;
  context.font = font(text, 600);
  context.fillText('loss', loss.x + 4, loss.y - (scene.loss ? text / 2 + 1 : 0), room);
  if (!scene.loss) return;
  context.font = font(text);
  context.fillStyle = palette.muted;
  context.fillText(scene.loss, loss.x + 4, loss.y + text / 2 + 2, room);
}

/**
 * A dot on each connection that the light passes; in the backward pass its size and brightness show how much of the gradient is
 * left.
 */
function paintLight(context: Context, layout: Layout, scene: Scene, { pass, at }: Light, palette: Palette): void {
  const lastEdge = {
    from: layout.columns - 1,
    to: layout.columns,
    lines: [
      [
        { x: layout.loss.x - 12, y: layout.loss.y },
        { x: layout.loss.x + 2, y: layout.loss.y },
      ],
    ],
  };
  for (const { from, to, lines } of [...layout.edges, lastEdge]) {
    const share = (at - from) / (to - from);
    if (share < 0 || share > 1) continue;
    const { x, y } = pointOn(lines, share);
    const value = pass === 'forward' ? 1 : gradientAt(layout, scene, at);
    const place = relativePlace(value);
    const strength = place < 0 ? Math.max(0.05, 1 + place) : 1 + place;
    const color = pass === 'forward' ? palette.accent : Math.abs(place) < 0.08 ? palette.ink : relativeStyle(value);
    context.fillStyle = color;
    context.globalAlpha = 0.25 * Math.min(1, strength);
    disc(context, x, y, 4 + 6 * strength);
    context.globalAlpha = Math.min(1, 0.15 + strength);
    disc(context, x, y, 2 + 3 * strength);
    context.globalAlpha = 1;
  }
}

function disc(context: Context, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/** The relative gradient between two columns; columns without one take that of the next one toward the loss. */
function gradientAt({ bars, columns }: Layout, scene: Scene, at: number): number {
  const valueFrom = (column: number): number => {
    for (let next = column; next < columns; next++) {
      const bar = bars.find((each) => each.column === next);
      const value = bar && scene.relativeGradient(bar.layer);
      if (value !== undefined && value > 0 && Number.isFinite(value)) return value;
    }
    return 1;
  };
  const before = Math.floor(at);
  const [low, high] = [Math.log(valueFrom(before)), Math.log(valueFrom(before + 1))];
  return Math.exp(low + (at - before) * (high - low));
}
