import type { PairRecord } from '../compare/twin_record.ts';
import { exponentBins, firstExponent } from '../health/gradient_sample.ts';
import { twinColors } from './colors.ts';
import { html, type Markup } from './markup.ts';
import { place } from './scale.ts';

/** The smallest fraction of elements for which a bin is shown: otherwise a tail of a few elements would take most of the width. */
const leastShare = 0.002;

const [width, height] = [340, 120];
const margin = { left: 16, right: 16, top: 6, bottom: 34 };

/**
 * Histograms of the elements of a layer's gradient by binary exponent, after the first and after the last epoch: vanishing shows as
 * a shift to the left. All seeds are pooled.
 */
export function histograms(pairs: readonly PairRecord[], layers: readonly string[], epochs: number): Markup {
  const drawn = layers.flatMap((layer) => {
    const series = (['a', 'b'] as const).flatMap((twin) =>
      [...new Set([0, epochs - 1])].flatMap((epoch) => {
        const shares = sharesOf(pairs, twin, layer, epoch);
        return shares ? [{ twin, epoch, shares }] : [];
      }),
    );
    return series.length ? [{ layer, series }] : [];
  });
  const used = drawn.flatMap(({ series }) =>
    series.flatMap(({ shares }) => shares.flatMap((share, i) => (share >= leastShare ? [i] : []))),
  );
  if (used.length === 0) return html`<p>No gradient was measured.</p>`;
  const range: [number, number] = [Math.max(0, Math.min(...used) - 1), Math.min(exponentBins, Math.max(...used) + 2)];
  return html`${drawn.map(({ layer, series }) => histogram(layer, series, range, epochs))}`;
}

interface Shares {
  twin: 'a' | 'b';
  epoch: number;
  shares: number[];
}

/** Each bin's fraction of all elements; zeros are in no bin. */
function sharesOf(pairs: readonly PairRecord[], twin: 'a' | 'b', layer: string, epoch: number): number[] | undefined {
  const sum = new Array<number>(exponentBins).fill(0);
  let all = 0;
  for (const pair of pairs) {
    const sample = pair[twin].epochs[epoch]?.layers[layer]?.sample;
    if (!sample) continue;
    all += sample.zeros;
    sample.exponents.forEach((count, i) => {
      sum[i]! += count;
      all += count;
    });
  }
  return all > 0 ? sum.map((count) => count / all) : undefined;
}

function histogram(layer: string, series: readonly Shares[], range: [number, number], epochs: number): Markup {
  const most = Math.max(...series.flatMap(({ shares }) => shares));
  const across = { from: range, to: [margin.left, width - margin.right] as [number, number] };
  const up = { from: [0, most || 1] as [number, number], to: [height - margin.bottom, margin.top] as [number, number] };
  const base = height - margin.bottom;
  const stride = Math.max(1, Math.ceil((range[1] - range[0]) / 8));
  const first = Math.ceil((range[0] + firstExponent) / stride) * stride;
  const marks = Array.from({ length: 9 }, (_, i) => first + i * stride).filter((it) => it - firstExponent <= range[1]);
  return html`<figure>
<figcaption>${layer}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${layer}: elements of the gradient by binary exponent">
${marks.map((exponent) => {
  const x = place(across, exponent - firstExponent).toFixed(1);
  return html`<line class="tick" x1="${x}" x2="${x}" y1="${base}" y2="${base + 4}"/><text class="below" x="${x}" y="${base + 15}">2^${exponent}</text>`;
})}
<line class="tick" x1="${margin.left}" x2="${width - margin.right}" y1="${base}" y2="${base}"/>
<text class="below" x="${width / 2}" y="${height - 4}">size of an element</text>
${series.map(({ twin, epoch, shares }) => {
  const steps = shares.flatMap((share, i) =>
    i < range[0] || i >= range[1] ? [] : [[i, share] as const, [i + 1, share] as const],
  );
  const points = steps.map(([i, share]) => `${place(across, i).toFixed(1)},${place(up, share).toFixed(1)}`).join(' ');
  const early = epoch === 0 && epochs > 1;
  return html`<polyline points="${points}" fill="none" stroke="${twinColors[twin]}" stroke-width="${early ? 1 : 1.8}"${early && html` stroke-dasharray="3 3"`}><title>${twin.toUpperCase()}, after epoch ${epoch + 1}</title></polyline>`;
})}
</svg>
</figure>`;
}
