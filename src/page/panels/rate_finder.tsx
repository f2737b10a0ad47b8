import { signal } from '@preact/signals';
import type { ErrorParts } from '../../errors.ts';
import { figure } from '../../figures.ts';
import type { LearningRateCurve } from '../../index.ts';
import { plannedRequest } from '../control.ts';
import { learningRateOf, withRate } from '../experiment.ts';
import { change, experiment, isReady } from '../state.ts';
import { Facts } from '../trouble.tsx';
import { training } from '../worker/training.ts';
import './rate_finder.css';

const found = signal<LearningRateCurve | undefined>();
const refused = signal<ErrorParts | undefined>();
const isBusy = signal(false);

async function find(): Promise<void> {
  if (isBusy.peek()) return;
  isBusy.value = true;
  refused.value = undefined;
  try {
    const request = plannedRequest();
    if (!request) return;
    found.value = await training.findLearningRate(request);
  } catch (error) {
    refused.value = error as ErrorParts;
  } finally {
    isBusy.value = false;
  }
}

function use(suggestion: number): void {
  const { optimizer } = experiment.peek();
  const learningRate = withRate(learningRateOf(optimizer), suggestion);
  change({ optimizer: { ...optimizer, learningRate } as typeof optimizer });
}

/** The learning-rate finder: a button, then the curve and what it suggests. */
export function RateFinder() {
  const curve = found.value;
  const suggestion = curve?.suggestion;
  return (
    <details id="rate-finder">
      <summary>Find a learning rate</summary>
      <div class="row">
        <button id="find-rate" type="button" disabled={!isReady.value} aria-disabled={isBusy.value} onClick={find}>
          {isBusy.value ? 'Sweeping…' : 'Find a learning rate'}
        </button>
        {suggestion !== undefined && (
          <button id="use-rate" type="button" onClick={() => use(suggestion)}>
            Use {figure(suggestion)}
          </button>
        )}
      </div>
      <p class="facts" role="status">
        {curve
          ? `${curve.suggestion === undefined ? 'No suggestion: ' : ''}${curve.reason}.`
          : 'Takes 100 training steps on a copy of the network, with a learning rate that grows from 1e-6 to 1.'}
      </p>
      {refused.value && (
        <div role="alert">
          <p>{refused.value.what}.</p>
          <Facts {...refused.value} />
        </div>
      )}
      {curve && curve.points.length > 1 && <CurveOf {...curve} />}
    </details>
  );
}

const [width, height] = [300, 90];

/** The loss by the logarithm of the rate. Losses above twice the first one are cut off. */
function CurveOf({ points, suggestion }: LearningRateCurve) {
  const rates = points.map(({ learningRate }) => Math.log10(learningRate));
  const [from, to] = [rates[0]!, rates.at(-1)!];
  const most = Math.min(Math.max(...points.map(({ smoothedLoss }) => smoothedLoss)), 2 * points[0]!.smoothedLoss);
  const least = Math.min(...points.map(({ smoothedLoss }) => smoothedLoss));
  const x = (rate: number) => (width * (rate - from)) / (to - from);
  const y = (loss: number) => height * (1 - (Math.min(loss, most) - least) / (most - least || 1));
  const line = (of: (point: (typeof points)[number]) => number) =>
    points.map((point, i) => `${x(rates[i]!).toFixed(1)},${Math.max(0, y(of(point))).toFixed(1)}`).join(' ');
  const label = `Loss by learning rate: from ${figure(points[0]!.smoothedLoss)}, at the lowest ${figure(least)}`;
  return (
    <figure class="rate-curve">
      <svg viewBox={`0 -2 ${width} ${height + 4}`} role="img" aria-label={label}>
        <polyline class="each" points={line(({ loss }) => loss)} />
        <polyline class="smoothed" points={line(({ smoothedLoss }) => smoothedLoss)} />
        {suggestion !== undefined && (
          <line class="suggestion" x1={x(Math.log10(suggestion))} x2={x(Math.log10(suggestion))} y1={0} y2={height} />
        )}
      </svg>
      <figcaption>
        <span>{figure(points[0]!.learningRate)}</span>
        <span>learning rate</span>
        <span>{figure(points.at(-1)!.learningRate)}</span>
      </figcaption>
    </figure>
  );
}
