import { count, figure, fixed } from '../../figures.ts';
import type { EpochRecord } from '../../index.ts';
import { summarize } from '../../train/history.ts';
import { Panel } from '../panel.tsx';
import type { Run } from '../run.ts';
import { layers as planned, run } from '../state.ts';

/** An epoch that a stop left unfinished has no time of its own. */
type Shown = Partial<EpochRecord>;

/** Columns that stand together under one heading. */
interface Group {
  name: string;
  columns: readonly string[];
  cells(record: Shown): (string | undefined)[];
}

/** A row for each epoch, and one for an epoch that a stop left unfinished. */
export function EpochsPanel() {
  const shown = run.value;
  shown?.news.value;
  const names =
    shown?.trained ?? planned.value.summary?.flatMap(({ name, parameters }) => (parameters ? [name] : [])) ?? [];
  const groups = groupsOf(names);
  const columns = 1 + groups.reduce((sum, group) => sum + group.columns.length, 0);
  const rows = shown ? rowsOf(shown) : [];
  return (
    <Panel id="epochs-panel" title="Epochs" class="epochs">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: wider than a phone, and a keyboard has to reach what scrolls */}
      <section class="scroll" aria-labelledby="epochs-panel-title" tabIndex={0}>
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
            {rows.map(({ name, record }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {groups.flatMap((group) =>
                  group.cells(record).map((text, i) => (
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
      </section>
    </Panel>
  );
}

function groupsOf(layers: readonly string[]): Group[] {
  return [
    { name: 'training', columns: ['loss', 'accuracy'], cells: (it) => [fixed(it.loss), fixed(it.accuracy)] },
    {
      name: 'validation',
      columns: ['loss', 'accuracy'],
      cells: (it) => [fixed(it.validationLoss), fixed(it.validationAccuracy)],
    },
    {
      name: 'gradient norm, mean',
      columns: layers,
      cells: (it) => layers.map((layer) => figure(it.gradientNorms?.[layer]?.mean)),
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

function rowsOf({ log, leftBehind }: Run): { name: string; record: Shown }[] {
  const rows: { name: string; record: Shown }[] = log.epochs.map((record) => ({ name: String(record.epoch), record }));
  const part = leftBehind && log.unfinished;
  if (!part) return rows;
  const { loss, accuracy, gradientNorms } = summarize(part.epoch, log.steps.slice(-part.steps), 0);
  const validation = { validationLoss: leftBehind.loss, validationAccuracy: leftBehind.accuracy };
  const name = `${part.epoch}, ${count(part.steps)} of ${count(log.stepsPerEpoch)} steps`;
  return [...rows, { name, record: { loss, accuracy, gradientNorms, ...validation } }];
}
