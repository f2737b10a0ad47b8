import { type Estimate, estimate } from '../../src/compare/comparison.ts';
import { twinColors } from '../../src/report/colors.ts';
import { html } from '../../src/report/markup.ts';
import { rangeOf, ticks, tickText } from '../../src/report/scale.ts';
import type { SweepFile, TrialRecord } from '../../src/report/sweep_file.ts';

/** The accuracy over all seeds at one strength of the augmentation. */
export interface StrengthRow {
  /** Factor that the tutorial's ranges are multiplied by. */
  strength: number;
  rotationRange: number;
  accuracies: number[];
  estimate: Estimate;
  /** The accuracy on the augmented training images in the last epoch, over all seeds. */
  training: Estimate;
}

/** The tutorial's rotation range in degrees: the plan's augmentations are multiples of the tutorial's. */
const tutorialRotation = 15;

/** Rows of a sweep over `augmentation`, by increasing strength. */
export function strengthRows({ trials }: Pick<SweepFile, 'trials'>): StrengthRow[] {
  const rotationOf = ({ varied }: TrialRecord) => (varied.augmentation as { rotationRange: number }).rotationRange;
  const byRotation = new Map(
    trials.map((trial) => [rotationOf(trial), trials.filter((other) => rotationOf(other) === rotationOf(trial))]),
  );
  return [...byRotation]
    .sort(([a], [b]) => a - b)
    .map(([rotationRange, runs]) => {
      const accuracies = runs.map(({ metric }) => metric!);
      return {
        ...{ strength: rotationRange / tutorialRotation, rotationRange, accuracies },
        estimate: estimate(accuracies, 'share'),
        training: estimate(
          runs.map(({ figures }) => figures!.accuracy!),
          'share',
        ),
      };
    });
}

const [width, height] = [640, 320];
const [left, right, top, bottom] = [64, width - 16, 16, height - 48];

/** An SVG of the accuracy over the strength: a dot for each run, the mean, and its 95 % interval. */
export function strengthPlot(rows: readonly StrengthRow[]): string {
  const strengths = rows.map(({ strength }) => strength);
  const [low, high] = rangeOf(rows.flatMap(({ accuracies, estimate }) => [...accuracies, estimate.low, estimate.high]));
  const [first, last] = rangeOf(strengths);
  const x = (strength: number) => (left + 16 + ((strength - first) / (last - first)) * (right - left - 32)).toFixed(1);
  const y = (accuracy: number) => (bottom - ((accuracy - low) / (high - low)) * (bottom - top)).toFixed(1);
  const percents = ticks(low, high, 5).map((value) => 100 * value);
  const band = [
    ...rows.map((row) => `${x(row.strength)},${y(row.estimate.high)}`),
    ...rows.toReversed().map((row) => `${x(row.strength)},${y(row.estimate.low)}`),
  ].join(' ');
  const line = rows.map((row) => `${x(row.strength)},${y(row.estimate.mean)}`).join(' ');
  return `${
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="validation accuracy over the strength of the augmentation">
<style>
text { font: 14px system-ui, sans-serif; fill: #333; }
.grid { stroke: #ddd; }
.below { text-anchor: middle; }
.left { text-anchor: end; dominant-baseline: middle; }
@media (prefers-color-scheme: dark) { text { fill: #ddd; } .grid { stroke: #444; } }
</style>
${percents.map((percent) => html`<line class="grid" x1="${left}" x2="${right}" y1="${y(percent / 100)}" y2="${y(percent / 100)}"/><text class="left" x="${left - 8}" y="${y(percent / 100)}">${tickText(percent, percents)} %</text>`)}
${strengths.map((strength) => html`<text class="below" x="${x(strength)}" y="${bottom + 20}">${strength}</text>`)}
<text class="below" x="${(left + right) / 2}" y="${height - 6}">ranges of the augmentation, relative to the tutorial's</text>
<polygon points="${band}" fill="${twinColors.a}" fill-opacity="0.18"/>
<polyline points="${line}" fill="none" stroke="${twinColors.a}" stroke-width="2.5"/>
${rows.map(({ strength, accuracies }) => accuracies.map((accuracy) => html`<circle cx="${x(strength)}" cy="${y(accuracy)}" r="3.5" fill="${twinColors.b}"/>`))}
</svg>
`.text
  }`;
}
