import { signal } from '@preact/signals';
import { linearTicks } from '../../plots/axes.ts';
import { type LineStyle, styleOf } from '../../plots/line_style.ts';
import { capitalized } from '../../ui/capitalized.ts';
import { metricText, short } from '../../ui/numbers.ts';
import type { KeptRun } from './model.ts';

/** Ids of the runs whose curves are overlaid, in the order in which they were chosen. */
export const compared = signal<readonly string[]>([]);

export function compare(id: string, isCompared: boolean): void {
  const others = compared.peek().filter((each) => each !== id);
  compared.value = isCompared ? [...others, id] : others;
}

/** The line of a run in the plots; undefined if it is not compared. */
export function styleOfRun(id: string): LineStyle | undefined {
  const at = compared.value.indexOf(id);
  return at < 0 ? undefined : styleOf(at);
}

/** How a run's experiment differs from the one before it, as its URL says it: "changed: model five-relu, seed 1". */
export function differenceWords({ parameters }: KeptRun, before: KeptRun | undefined): string {
  if (parameters === undefined || before?.parameters === undefined) return '';
  const [now, then] = [parameters, before.parameters].map((text) => new URLSearchParams(text)) as [
    URLSearchParams,
    URLSearchParams,
  ];
  const words = [...new Set([...now.keys(), ...then.keys()])]
    .filter((key) => now.get(key) !== then.get(key))
    .map((key) => {
      const name = key.replaceAll('-', ' ');
      const value = now.get(key);
      if (value === null) return `default ${name}`;
      // JSON would fill the table.
      return value.length > 24 ? name : `${name} ${value}`;
    });
  return words.length ? `changed: ${words.join(', ')}` : 'same experiment';
}

const [width, height] = [420, 190];
const [left, right, top, bottom] = [48, 10, 10, 36];

interface PlotOfRunsProps {
  title: string;
  metric: string;
  lines: { run: KeptRun; values: readonly (number | null)[] }[];
}

/** One figure of the runs that are compared, by epochs. */
function PlotOfRuns({ title, metric, lines }: PlotOfRunsProps) {
  const values = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  if (!values.length) return null;
  const epochs = Math.max(...lines.map(({ values }) => values.length));
  const [least, most] = [Math.min(0, ...values), Math.max(...values) || 1];
  const x = (epoch: number) => left + ((width - left - right) * (epoch - 1)) / Math.max(1, epochs - 1);
  const y = (value: number) => top + (height - top - bottom) * (1 - (value - least) / (most - least));
  const ends = lines.map(({ run, values }) => `${run.name} ${metricText(metric, values.at(-1) ?? Number.NaN)}`);
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`${title} by epoch; at the end ${ends.join(', ')}`}
      >
        {linearTicks(least, most, 4).map((tick) => (
          <g key={tick}>
            <line class="grid" x1={left} x2={width - right} y1={y(tick)} y2={y(tick)} />
            <text x={left - 6} y={y(tick) + 4} text-anchor="end">
              {metric === 'accuracy' ? `${Math.round(100 * tick)} %` : short(tick)}
            </text>
          </g>
        ))}
        {linearTicks(1, epochs, 8)
          .filter(Number.isInteger)
          .map((epoch) => (
            <text key={epoch} x={x(epoch)} y={height - bottom + 16} text-anchor="middle">
              {epoch}
            </text>
          ))}
        <text x={(left + width - right) / 2} y={height - 4} text-anchor="middle">
          epoch
        </text>
        {lines.map(({ run, values }) => {
          const { color, dash } = styleOfRun(run.id)!;
          const points = values.flatMap((value, i) => (value === null ? [] : [`${x(i + 1)},${y(value)}`]));
          const stroke = `var(${color})`;
          return (
            <g key={run.id} style={{ stroke }}>
              <polyline points={points.join(' ')} stroke-dasharray={dash.join(' ')} />
              {points.length === 1 && <circle cx={points[0]!.split(',')[0]} cy={points[0]!.split(',')[1]} r={3} />}
            </g>
          );
        })}
      </svg>
    </figure>
  );
}

/** The validation of the runs that are compared, overlaid. */
export function ComparedRuns({ runs }: { runs: readonly KeptRun[] }) {
  const chosen = compared.value.flatMap((id) => runs.find((run) => run.id === id) ?? []);
  if (!chosen.length) return null;
  const metric = chosen[0]!.metric ?? 'accuracy';
  const alike = chosen.filter((run) => (run.metric ?? 'accuracy') === metric);
  return (
    <div id="compared-runs" class="compared-runs">
      <PlotOfRuns
        title="Validation loss"
        metric="loss"
        lines={chosen.map((run) => ({ run, values: run.validation!.map(([loss]) => loss) }))}
      />
      <PlotOfRuns
        title={`Validation ${metric}`}
        metric={metric}
        lines={alike.map((run) => ({ run, values: run.validation!.map(([, value]) => value) }))}
      />
      {alike.length < chosen.length && (
        <p class="facts">{capitalized(metric)} was not measured in all of these runs: the others have no line there.</p>
      )}
    </div>
  );
}
