import { signal } from '@preact/signals';
import { count, counted, figure, fixed } from '../../../figures.ts';
import type { RegressionFigures } from '../../../train/regression.ts';
import { linearTicks } from '../../plots/axes.ts';
import { ColumnNames } from '../../ui/column_names.tsx';
import { short } from '../../ui/numbers.ts';
import { Picture } from '../../ui/picture.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { tryImage } from '../run/questions.ts';
import type { NumberResults, Results } from './worker.ts';
import './number_results.css';

/** Which of several numbers is plotted. */
const chosen = signal(0);

/** Results of a regression on the validation images: predicted against actual values, and the errors. */
export function Numbers(shown: NumberResults) {
  const { names, figures } = shown;
  const at = Math.min(chosen.value, names.length - 1);
  return (
    <>
      <section class="against" aria-labelledby="against-title">
        <h3 id="against-title">Predicted against actual{names.length > 1 ? '' : `: ${names[0]}`}</h3>
        {names.length > 1 && (
          <select
            aria-label="Number that is plotted"
            value={at}
            onChange={({ currentTarget }) => (chosen.value = Number(currentTarget.value))}
          >
            {names.map((name, k) => (
              <option key={k} value={k}>
                {name}
              </option>
            ))}
          </select>
        )}
        <Against {...shown} number={at} />
        <p class="facts">Predictions on the dashed line are correct. Each point is an image: click it to see it.</p>
      </section>
      <section class="by-class" aria-labelledby="errors-title">
        <h3 id="errors-title">Errors</h3>
        <Scroll labelledBy="errors-title">
          <table id="errors">
            <ColumnNames names={['number', 'MAE', 'MSE', 'R²']} />
            <tbody>
              {figures.map(({ meanAbsoluteError, meanSquaredError, r2 }, k) => (
                <tr key={k}>
                  <th scope="row">{names[k]}</th>
                  <td>{short(meanAbsoluteError)}</td>
                  <td>{short(meanSquaredError)}</td>
                  <td>{fixed(r2, 3) || '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
        <dl class="meanings facts">
          {meanings.map(([name, words]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  );
}

const meanings = [
  ['MAE', 'mean absolute error, in the unit of the number'],
  ['MSE', 'mean squared error'],
  ['R²', '1 is perfect, 0 no better than always predicting the mean'],
] as const;

const [width, height] = [400, 340];
const [left, right, top, bottom] = [56, 12, 12, 46];
/** Maximum number of points: more would look like a single patch. */
const mostPoints = 4000;

/** Both axes have the same range, so that correct predictions are on the diagonal. */
function Against({ names, actual, predicted, figures, number }: NumberResults & { number: number }) {
  const outputs = names.length;
  const all = Array.from({ length: actual.length / outputs }, (_, n) => n);
  const points = all
    .slice(0, mostPoints)
    .map((sample) => ({ sample, x: actual[sample * outputs + number]!, y: predicted[sample * outputs + number]! }))
    .filter(({ y }) => Number.isFinite(y));
  const values = points.flatMap(({ x, y }) => [x, y]);
  const [least, most] = values.length ? rangeOf(Math.min(...values), Math.max(...values)) : [0, 1];
  const share = (value: number) => (value - least) / (most - least);
  const x = (value: number) => left + (width - left - right) * share(value);
  const y = (value: number) => height - bottom - (height - top - bottom) * share(value);
  const ticks = linearTicks(least, most, 6);
  const name = names[number]!;
  const { r2, meanAbsoluteError } = figures[number] as RegressionFigures;
  const label = `Predicted against actual ${name} of ${counted(points.length, 'image')}: mean absolute error ${short(meanAbsoluteError)}, R² ${fixed(r2, 3) || 'unknown'}`;
  const look = (event: MouseEvent & { currentTarget: SVGSVGElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const [px, py] = [
      ((event.clientX - box.left) * width) / box.width,
      ((event.clientY - box.top) * height) / box.height,
    ];
    const distance = (point: (typeof points)[number]) => (x(point.x) - px) ** 2 + (y(point.y) - py) ** 2;
    const nearest = points.reduce((a, b) => (distance(b) < distance(a) ? b : a), points[0]!);
    if (!nearest || distance(nearest) > near ** 2) return;
    tryImage('test', nearest.sample);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keyboard users have the list of images and the number field
    <svg class="scatter" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label} onClick={look}>
      {ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={left} x2={width - right} y1={y(tick)} y2={y(tick)} />
          <line class="grid" y1={top} y2={height - bottom} x1={x(tick)} x2={x(tick)} />
          <text x={left - 7} y={y(tick) + 4} text-anchor="end">
            {figure(tick)}
          </text>
          <text x={x(tick)} y={height - bottom + 17} text-anchor="middle">
            {figure(tick)}
          </text>
        </g>
      ))}
      <line class="right" x1={x(least)} y1={y(least)} x2={x(most)} y2={y(most)} />
      <path class="points" d={points.map((point) => `M${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}h0`).join('')} />
      <text class="axis" x={(left + width - right) / 2} y={height - 6} text-anchor="middle">
        actual {name}
      </text>
      <text
        class="axis"
        transform={`rotate(-90 14 ${(top + height - bottom) / 2})`}
        x={14}
        y={(top + height - bottom) / 2}
        text-anchor="middle"
      >
        predicted {name}
      </text>
    </svg>
  );
}

/** Distance in units of the drawing within which a click selects a point. */
const near = 14;

/** Adds a margin of a twentieth at either end. */
function rangeOf(least: number, most: number): [number, number] {
  const room = (most - least || Math.abs(most) || 1) / 20;
  return [least - room, most + room];
}

/** The images with the largest errors. */
export function Furthest({ worst, names, actual, predicted, imageShape }: NumberResults & Pick<Results, 'imageShape'>) {
  const outputs = names.length;
  return (
    <section aria-labelledby="furthest-title">
      <h3 id="furthest-title">Largest errors</h3>
      <ul class="mistakes">
        {worst.map(({ sample, picture }) => (
          <li key={sample}>
            <button
              type="button"
              title={`Validation image ${sample}: ask about it`}
              onClick={() => tryImage('test', sample)}
            >
              <Picture pixels={picture.pixels} shape={imageShape} label={`validation image ${sample}`} />
              {names.slice(0, fewNames).map((name, k) => {
                const [is, says] = [actual[sample * outputs + k]!, predicted[sample * outputs + k]!];
                return (
                  <span key={k} class="pair">
                    <span class="name" title={name}>
                      {short(says)}
                      {outputs > 1 && <span class="fact">{` ${name}`}</span>}
                    </span>
                    <span class="fact">{`actual ${short(is)}`}</span>
                  </span>
                );
              })}
              {outputs > fewNames && <span class="fact">{`and ${count(outputs - fewNames)} more`}</span>}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Maximum number of values below a picture. */
const fewNames = 2;
