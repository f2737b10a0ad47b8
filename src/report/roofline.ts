import { figure } from '../figures.ts';
import type { StepProfile } from '../gpu/profile.ts';
import { type Ceilings, rooflineShare } from '../gpu/roofline.ts';
import { html, type Markup } from './markup.ts';

const size = { width: 1160, height: 560 };
/** Margins of the plot; the labels are in the right one. */
const frame = { left: 70, right: 330, top: 50, bottom: 50 };
const lineHeight = 14;
const mostLabels = Math.floor((size.height - frame.top - frame.bottom) / lineHeight);

/** A logarithmic axis: its decades, and the position of a value between two coordinates. */
function axis(values: readonly number[], from: number, to: number) {
  const decades = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))] as const;
  const span = Math.max(1, decades[1] - decades[0]);
  return {
    ticks: Array.from({ length: span + 1 }, (_, i) => Number(`1e${decades[0] + i}`)),
    of: (value: number) => from + ((Math.log10(value) - decades[0]) / span) * (to - from),
  };
}

/** A power of ten: 0.001, 1000, 1e-4. */
const tickText = (tick: number) => (tick >= 1e-3 && tick < 1e5 ? String(tick) : tick.toExponential());

/** Heights of labels, as near as possible to those of their points, which are in ascending order, without overlaps. */
function spaced(heights: readonly number[], top: number, bottom: number): number[] {
  const placed: number[] = [];
  for (const height of heights) placed.push(Math.max(height, top, (placed.at(-1) ?? -Infinity) + lineHeight));
  for (let i = placed.length - 1, most = bottom; i >= 0; i--, most -= lineHeight)
    placed[i] = Math.min(placed[i]!, most);
  return placed;
}

/**
 * The dispatches of a step under the adapter's roofline, as an SVG file: GFLOP/s over floating-point operations per byte, both
 * logarithmic. A circle's area grows with the dispatch's share of the step's time. Dispatches without arithmetic are left out. The labels of
 * those that take longest are listed beside the plot, because many lie so close together that labels next to them would overlap.
 *
 * @param title of the picture, such as "tutorial on mnist, batch 32".
 */
export function rooflineSvg({ dispatches }: StepProfile, ceilings: Ceilings, title: string): string {
  const shown = dispatches.filter(({ gflops, intensity }) => gflops > 0 && intensity > 0);
  const right = size.width - frame.right;
  const ridge = ceilings.gflops / ceilings.gbps;
  const x = axis([ridge / 2, ridge * 2, ...shown.map(({ intensity }) => intensity)], frame.left, right);
  const y = axis(
    [ceilings.gflops / 10, ceilings.gflops * 1.01, ...shown.map(({ gflops }) => gflops)],
    size.height - frame.bottom,
    frame.top,
  );
  const [least, most] = [x.ticks[0]!, x.ticks.at(-1)!];
  const lowest = y.ticks[0]!;
  // The slanted part begins at the edge of the plot.
  const begins = Math.max(least, lowest / ceilings.gbps);
  const line = [
    [begins, begins * ceilings.gbps],
    [ridge, ceilings.gflops],
    [most, ceilings.gflops],
  ].map(([at, height]) => `${x.of(at!).toFixed(1)},${y.of(height!).toFixed(1)}`);
  const radiusOf = ({ share }: { share: number }) => 3 + 20 * Math.sqrt(share);
  // Small circles are drawn last, so that they are not hidden.
  const bySize = [...shown].sort((a, b) => b.share - a.share);
  const circle = (dispatch: (typeof shown)[number]): Markup => {
    const { name, layer, intensity, gflops, share } = dispatch;
    const facts =
      `${name} ${layer}: ${figure(intensity)} flop/byte, ${figure(gflops)} GFLOP/s, ` +
      `${(100 * rooflineShare(dispatch, ceilings)).toFixed(0)} % of the roofline, ${(100 * share).toFixed(1)} % of the step`;
    return html`<g><title>${facts}</title><circle cx="${x.of(intensity).toFixed(1)}" cy="${y.of(gflops).toFixed(1)}" r="${radiusOf(dispatch).toFixed(1)}"/></g>`;
  };
  const labeled = bySize
    .slice(0, mostLabels)
    .sort((a, b) => b.gflops - a.gflops || b.intensity - a.intensity)
    .map((dispatch) => ({ ...dispatch, height: y.of(dispatch.gflops) }));
  const heights = spaced(
    labeled.map(({ height }) => height),
    frame.top,
    size.height - frame.bottom,
  );
  const label = ({ name, layer, share, intensity, height }: (typeof labeled)[number], i: number): Markup => {
    const text = `${[name, layer].filter(Boolean).join(' ')}, ${(100 * share).toFixed(1)} %`;
    const path = `${x.of(intensity).toFixed(1)},${height.toFixed(1)} ${right},${heights[i]!.toFixed(1)} ${right + 8},${heights[i]!.toFixed(1)}`;
    return html`<polyline class="leader" points="${path}"/><text x="${right + 12}" y="${(heights[i]! + 4).toFixed(1)}">${text}</text>`;
  };
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="11">
<style>.grid{stroke:#ddd}.leader{fill:none;stroke:#9ab}.roof{fill:none;stroke:#b00;stroke-width:2}circle{fill:#36c;fill-opacity:.5;stroke:#124}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${frame.left}" y="20" font-size="15">${title}</text>
<text x="${frame.left}" y="36">roofline (red): ${figure(ceilings.gflops)} GFLOP/s of multiply-adds and ${figure(ceilings.gbps)} GB/s of memory, as measured</text>
<text x="${right + 12}" y="36">dispatch, share of the step's time (area of its circle)</text>
${x.ticks.map((tick) => html`<line class="grid" x1="${x.of(tick)}" x2="${x.of(tick)}" y1="${frame.top}" y2="${size.height - frame.bottom}"/><text x="${x.of(tick)}" y="${size.height - frame.bottom + 16}" text-anchor="middle">${tickText(tick)}</text>`)}
${y.ticks.map((tick) => html`<line class="grid" y1="${y.of(tick)}" y2="${y.of(tick)}" x1="${frame.left}" x2="${right}"/><text x="${frame.left - 6}" y="${y.of(tick) + 4}" text-anchor="end">${tickText(tick)}</text>`)}
<text x="${(frame.left + right) / 2}" y="${size.height - 12}" text-anchor="middle">arithmetic intensity, flop/byte</text>
<text x="18" y="${size.height / 2}" text-anchor="middle" transform="rotate(-90 18 ${size.height / 2})">GFLOP/s</text>
<polyline class="roof" points="${line.join(' ')}"/>
${labeled.map(label)}
${bySize.map(circle)}
</svg>
`.text;
}
