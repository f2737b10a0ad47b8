import { count, figure, fixed } from '../figures.ts';
import type { EpochRecord, Evaluation, LayerSummary } from '../index.ts';
import { summarize } from '../train/history.ts';
import type { TrainingLog } from '../train/training_log.ts';
import { element } from './dom.ts';
import { lookOf, swatch } from './look.ts';

/** Layers that have weights, and so a gradient norm, by the number of their look in the plot. */
export const layersWithWeights = (layers: readonly LayerSummary[]): string[] =>
  layers.filter(({ parameters }) => parameters > 0).map(({ name }) => name);

/** The model's layers, shapes and parameters; a layer that has a curve shows its look. */
export function fillModel(table: HTMLTableElement, layers: readonly LayerSummary[]): void {
  const curves = layersWithWeights(layers);
  const row = (name: HTMLElement, ...texts: string[]) => element('tr', {}, name, ...cellsOf(texts));
  const rows = layers.map(({ name, outputShape, parameters }) => {
    const curve = curves.indexOf(name);
    const label = element('th', { scope: 'row' }, ...(curve < 0 ? [] : [swatch(lookOf(curve))]), name);
    return row(label, outputShape.join(' × '), parameters ? count(parameters) : '');
  });
  const total = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  const head = ['layer', 'output', 'parameters'].map((name) => columnHead(name));
  table.replaceChildren(
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows),
    element('tfoot', {}, row(element('th', { scope: 'row', colspan: '2' }, 'total'), count(total))),
  );
}

/** Columns that stand together under one heading. */
interface Group {
  name: string;
  columns: readonly string[];
  cells(record: Shown): (string | undefined)[];
}

/** An epoch that a stop left unfinished has no time of its own. */
type Shown = Partial<EpochRecord>;

/** A row for each epoch, and one for an epoch that a stop left unfinished. */
export function fillEpochs(
  table: HTMLTableElement,
  log: TrainingLog,
  layers: readonly string[],
  leftBehind?: Evaluation,
): void {
  const groups: Group[] = [
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
      cells: (it) => [fixed(it.seconds, 1), rate(it.imagesPerSecond)],
    },
  ];
  const row = (name: string, record: Shown) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      ...groups.flatMap((group) => cellsOf(group.cells(record))),
    );
  const rows = log.epochs.map((record) => row(String(record.epoch), record));
  const part = leftBehind && log.unfinished;
  if (part) {
    const { loss, accuracy, gradientNorms } = summarize(part.epoch, log.steps.slice(-part.steps), 0);
    const validation = { validationLoss: leftBehind.loss, validationAccuracy: leftBehind.accuracy };
    const name = `${part.epoch}, ${count(part.steps)} of ${count(log.stepsPerEpoch)} steps`;
    rows.push(row(name, { loss, accuracy, gradientNorms, ...validation }));
  }
  const columns = 1 + groups.reduce((sum, group) => sum + group.columns.length, 0);
  const none = element('td', { class: 'none', colspan: String(columns) }, 'The first epoch is not finished yet.');
  if (!rows.length) rows.push(element('tr', {}, none));
  const heads = groups.map(({ name, columns }) =>
    element('th', { scope: 'colgroup', colspan: String(columns.length) }, name),
  );
  const names = groups.flatMap(({ columns }) => columns.map((name, i) => columnHead(name, i === 0)));
  table.replaceChildren(
    element('thead', {}, element('tr', {}, element('td'), ...heads), element('tr', {}, columnHead('epoch'), ...names)),
    element('tbody', {}, ...rows),
  );
}

const rate = (imagesPerSecond?: number) => (imagesPerSecond ? count(Math.round(imagesPerSecond)) : undefined);

const columnHead = (name: string, first = false) =>
  element('th', { scope: 'col', ...(first && { class: 'first' }) }, name);

/** Of a group: the first one stands apart from the group before. */
const cellsOf = (texts: (string | undefined)[]) =>
  texts.map((text, i) => element('td', i === 0 ? { class: 'first' } : {}, text || '–'));
