import { count, counted, fixed } from '../../../figures.ts';
import { summarize } from '../../../health/history.ts';
import type { EpochRecord } from '../../../index.ts';
import { metricWords } from '../../app/experiment.ts';
import { settled } from '../../app/state.ts';
import { metricText, points, shortOrDash } from '../../ui/numbers.ts';
import { Panel } from '../../ui/panel.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { measuredOf, type Run, twinsOf, validatedOf } from '../run/run.ts';
import { run } from '../run/state.ts';
import './epochs.css';
import { mapLayers } from '../run/chosen_layer.ts';

/** An epoch that was stopped before its end has no duration. */
type Shown = Partial<EpochRecord>;

interface EpochRow {
  name: string;
  record: Shown;
  /** A's figures minus B's; for norms, A's divided by B's. */
  isDifference?: boolean;
}

/** Columns that share a heading. */
interface Group {
  name: string;
  columns: readonly string[];
  cells(record: Shown, isDifference?: boolean): (string | undefined)[];
}

/** A row for each epoch, and one for an epoch that was stopped before its end. */
export function EpochsPanel() {
  const shown = run.value;
  shown?.events.value;
  const names = mapLayers();
  const groups = groupsOf(names, shown ? metricsOf(shown) : [], metricWords(shown?.experiment ?? settled.value));
  const columns = 1 + groups.reduce((sum, group) => sum + group.columns.length, 0);
  const rows = shown ? rowsOf(shown) : [];
  return (
    <Panel id="epochs-panel" title="Epochs" class="epochs">
      <Scroll labelledBy="epochs-panel-title">
        <table id="epochs">
          <thead>
            <tr>
              <td />
              {groups.map(({ name, columns }) => (
                <th key={name} scope="colgroup" colSpan={columns.length}>
                  {name}
                </th>
              ))}
            </tr>
            <tr>
              <th scope="col">epoch</th>
              {groups.flatMap(({ name, columns }) =>
                columns.map((column, i) => (
                  <th key={`${name} ${column}`} scope="col" class={i ? '' : 'first'}>
                    {column}
                  </th>
                )),
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, record, isDifference }) => (
              <tr key={name} class={isDifference ? 'difference' : ''}>
                <th scope="row">{name}</th>
                {groups.flatMap((group) =>
                  group.cells(record, isDifference).map((text, i) => (
                    <td key={`${group.name} ${i}`} class={i ? '' : 'first'}>
                      {text || '–'}
                    </td>
                  )),
                )}
              </tr>
            ))}
            {rows.length === 0 && (
              <tr>
                <td class="none" colSpan={columns}>
                  The first epoch is not finished yet.
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

/** Validation metrics that are a single number: `F1Score` for `validationF1Score`. */
function metricsOf({ log }: Run): string[] {
  const known = ['validationLoss', 'validationAccuracy', 'validationMeanAbsoluteError'];
  const names = log.epochs.flatMap((record) =>
    Object.entries(record).flatMap(([name, value]) =>
      name.startsWith('validation') && typeof value === 'number' && !known.includes(name) ? [name] : [],
    ),
  );
  return [...new Set(names)];
}

const shownMetric = (metric: string, value: number | undefined) =>
  value === undefined || Number.isNaN(value) ? shortOrDash(value) : metricText(metric, value);

const titleOf = (name: string) => name.replace(/^validation(.)/, (_, first: string) => first.toLowerCase());

function groupsOf(layers: readonly string[], metrics: readonly string[], metric: string): Group[] {
  const ofMetric = (value: number | undefined, isDifference = false) =>
    isDifference && metric === 'accuracy' && value !== undefined ? points(value) : shownMetric(metric, value);
  return [
    {
      name: 'training',
      columns: ['loss', metric],
      cells: (it, isDifference) => [shortOrDash(it.loss), ofMetric(measuredOf(it), isDifference)],
    },
    {
      name: 'validation',
      columns: ['loss', metric, ...metrics.map(titleOf)],
      cells: (it, isDifference) => [
        shortOrDash(it.validationLoss),
        ofMetric(validatedOf(it), isDifference),
        ...metrics.map((name) => shownMetric(name, (it as Record<string, unknown>)[name] as number | undefined)),
      ],
    },
    {
      name: 'gradient norm, mean',
      columns: layers,
      cells: (it, isRatio) =>
        layers.map((layer) => {
          const mean = it.gradientNorms?.[layer]?.mean;
          return `${isRatio && mean !== undefined ? '× ' : ''}${shortOrDash(mean)}`;
        }),
    },
    {
      name: 'speed',
      columns: ['seconds', 'images/s'],
      cells: ({ seconds, imagesPerSecond }) => [
        fixed(seconds, 1),
        imagesPerSecond ? count(Math.round(imagesPerSecond)) : '',
      ],
    },
  ];
}

function rowsOf(shown: Run): EpochRow[] {
  if (shown.twinB) return rowsOfBoth(shown, shown.twinB);
  const { log, partialEpoch } = shown;
  const rows: EpochRow[] = log.epochs.map((record) => ({ name: String(record.epoch), record }));
  const part = partialEpoch && log.unfinished;
  if (!part) return rows;
  const { loss, gradientNorms, ...summary } = summarize(part.epoch, log.steps.slice(-part.steps), 0);
  const validation = { validationLoss: partialEpoch.loss, validationAccuracy: measuredOf(partialEpoch) };
  const name = `${part.epoch}, ${count(part.steps)} of ${counted(log.stepsPerEpoch, 'step')}`;
  return [...rows, { name, record: { loss, accuracy: measuredOf(summary), gradientNorms, ...validation } }];
}

/** Three rows per epoch: A's, B's and their difference. A twin that has broken off has no more rows. */
function rowsOfBoth(a: Run, b: Run): EpochRow[] {
  const epochs = Math.max(a.log.epochs.length, b.log.epochs.length);
  return Array.from({ length: epochs }, (_, i) => {
    const rows: EpochRow[] = twinsOf(a).flatMap(({ name, run }) => {
      const record = run.log.epochs[i];
      return record ? [{ name: `${i + 1} ${name}`, record }] : [];
    });
    const [ofA, ofB] = [a.log.epochs[i], b.log.epochs[i]];
    if (ofA && ofB)
      rows.push({
        name: `${i + 1} A − B, A / B`,
        record: differenceOf(ofA, ofB, a.hasLayersOf(b)),
        isDifference: true,
      });
    return rows;
  }).flat();
}

/** @param alike whether both have the same layers. */
function differenceOf(a: EpochRecord, b: EpochRecord, alike: boolean): Shown {
  const less = (of: (record: EpochRecord) => number | undefined) => {
    const [ofA, ofB] = [of(a), of(b)];
    return ofA === undefined || ofB === undefined ? undefined : ofA - ofB;
  };
  return {
    loss: less(({ loss }) => loss)!,
    accuracy: less(({ accuracy }) => accuracy)!,
    validationLoss: less(({ validationLoss }) => validationLoss),
    validationAccuracy: less(({ validationAccuracy }) => validationAccuracy),
    gradientNorms: Object.fromEntries(
      Object.entries(a.gradientNorms).flatMap(([layer, { mean }]) => {
        const other = b.gradientNorms[layer]?.mean;
        const ratio = alike && other !== undefined ? mean / other : Number.NaN;
        return Number.isFinite(ratio) ? [[layer, { mean: ratio, min: ratio, max: ratio }]] : [];
      }),
    ),
  };
}
