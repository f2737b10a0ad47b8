import { signal } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { figure } from '../../../figures.ts';
import type { LearningRateCurve } from '../../../index.ts';
import { learningRateOf, sameRate, withRate } from '../../app/learning_rate.ts';
import { change, experiment, settled } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { linearTicks } from '../../plots/axes.ts';
import { capitalized } from '../../ui/capitalized.ts';
import { SettingError } from '../../ui/options_form.tsx';
import { plannedRequest } from '../run/model.ts';
import { isReady } from '../run/state.ts';
import './rate_finder.css';
import { powerOfTen, withPowers } from '../../ui/numbers.ts';

/** A curve, and the setup that it was measured with. */
const found = signal<{ curve: LearningRateCurve; of: string } | undefined>();
const refused = signal<ErrorParts | undefined>();
const isBusy = signal(false);

/** Everything that the curve depends on. The sweep sets the learning rate itself. */
function setupOf({ optimizer, epochs, metrics, fit, ...others }: typeof settled.value): string {
  return JSON.stringify({ ...others, optimizer: { ...optimizer, learningRate: undefined } });
}

async function find(): Promise<void> {
  if (isBusy.peek()) return;
  isBusy.value = true;
  refused.value = undefined;
  try {
    const request = plannedRequest();
    if (!request) return;
    const of = setupOf(settled.peek());
    found.value = { curve: await training.findLearningRate(request), of };
  } catch (error) {
    refused.value = error as ErrorParts;
  } finally {
    isBusy.value = false;
  }
}

const withSuggestion = (suggestion: number) => withRate(learningRateOf(experiment.value.optimizer), suggestion);

function use(suggestion: number): void {
  const { optimizer } = experiment.peek();
  change({ optimizer: { ...optimizer, learningRate: withSuggestion(suggestion) } as typeof optimizer });
}

/** The learning-rate finder: a button, then the curve and the suggested rate. */
export function RateFinder() {
  const { curve, of } = found.value ?? {};
  const suggestion = curve?.suggestion;
  const isUsed =
    suggestion !== undefined && sameRate(withSuggestion(suggestion), learningRateOf(experiment.value.optimizer));
  return (
    <>
      <div class="row">
        <button id="find-rate" type="button" disabled={!isReady.value} aria-disabled={isBusy.value} onClick={find}>
          {isBusy.value ? 'Sweeping…' : curve ? 'Sweep again' : 'Sweep the learning rate'}
        </button>
        {suggestion !== undefined && (
          <button id="use-rate" type="button" aria-disabled={isUsed} onClick={() => use(suggestion)}>
            {isUsed ? `${withPowers(figure(suggestion))} is used` : `Use ${withPowers(figure(suggestion))}`}
          </button>
        )}
      </div>
      <p class="facts" role="status">
        {curve
          ? `${curve.suggestion === undefined ? 'No suggestion: ' : ''}${capitalized(curve.reason)}.`
          : 'Takes 100 training steps on a copy of the network, with a learning rate that grows from 1e-6 to 1. Your network does not change.'}
      </p>
      {of !== undefined && of !== setupOf(settled.value) && (
        <p class="cut">Measured before you changed the setup: sweep again.</p>
      )}
      {refused.value && <SettingError {...refused.value} />}
      {curve && curve.points.length > 1 && <CurveOf {...curve} />}
    </>
  );
}

const [width, height] = [360, 170];
const [left, right, top, bottom] = [44, 8, 18, 34];

/** The loss over the logarithm of the rate. Losses above twice the first one are clipped. */
function CurveOf({ points, suggestion }: LearningRateCurve) {
  const rates = points.map(({ learningRate }) => Math.log10(learningRate));
  const [from, to] = [rates[0]!, rates.at(-1)!];
  const smoothed = points.map(({ smoothedLoss }) => smoothedLoss);
  const most = Math.min(Math.max(...smoothed), 2 * smoothed[0]!);
  const least = Math.min(...smoothed);
  const x = (rate: number) => left + ((width - left - right) * (rate - from)) / (to - from);
  const y = (loss: number) =>
    top + (height - top - bottom) * (1 - Math.min(1.05, (loss - least) / (most - least || 1)));
  const line = (of: (point: (typeof points)[number]) => number) =>
    points.map((point, i) => `${x(rates[i]!).toFixed(1)},${y(of(point)).toFixed(1)}`).join(' ');
  const lowest = points[smoothed.indexOf(least)]!.learningRate;
  const label = `Loss by learning rate: ${figure(smoothed[0])} at ${figure(points[0]!.learningRate)}, lowest ${figure(least)} at ${figure(lowest)}`;
  const decades = Array.from(
    { length: Math.floor(to + 0.01) - Math.ceil(from - 0.01) + 1 },
    (_, i) => Math.ceil(from - 0.01) + i,
  );
  const at = suggestion === undefined ? undefined : x(Math.log10(suggestion));
  return (
    <svg class="rate-curve" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      {linearTicks(least, most, 4).map((tick) => (
        <g key={tick}>
          <line class="grid" x1={left} x2={width - right} y1={y(tick)} y2={y(tick)} />
          <text x={left - 6} y={y(tick) + 4} text-anchor="end">
            {figure(tick)}
          </text>
        </g>
      ))}
      {decades.map((decade) => (
        <text key={decade} x={x(decade)} y={height - bottom + 15} text-anchor="middle">
          {powerOfTen(decade)}
        </text>
      ))}
      <text x={left} y={10} class="axis">
        loss
      </text>
      <text x={(left + width - right) / 2} y={height - 4} text-anchor="middle" class="axis">
        learning rate
      </text>
      <polyline class="each" points={line(({ loss }) => loss)} />
      <polyline class="smoothed" points={line(({ smoothedLoss }) => smoothedLoss)} />
      {at !== undefined && (
        <>
          <line class="suggestion" x1={at} x2={at} y1={top} y2={height - bottom} />
          <text
            class="suggested"
            x={at}
            y={top - 5}
            text-anchor={at > width - 60 ? 'end' : at < left + 40 ? 'start' : 'middle'}
          >
            {withPowers(figure(suggestion))}
          </text>
        </>
      )}
    </svg>
  );
}
