import { count, counted, fixed } from '../../../figures.ts';
import type { RegressionFigures } from '../../../train/regression.ts';
import { experiment } from '../../app/state.ts';
import { ColumnNames } from '../../ui/column_names.tsx';
import { metricText, percent, short } from '../../ui/numbers.ts';
import { Panel } from '../../ui/panel.tsx';
import { Picture } from '../../ui/picture.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { kernelTiles } from '../../ui/tiles.ts';
import { canAsk, notKept, shapeOfRun, tryImage } from '../run/questions.ts';
import { run } from '../run/state.ts';
import { ByLabel } from './label_results.tsx';
import { LargestGradients } from './largest_gradients.tsx';
import { cell, evaluate, isEvaluating, results, showCell } from './model.ts';
import { Furthest, Numbers } from './number_results.tsx';
import type { ClassResults, Results } from './worker.ts';
import './style.css';

/** The results on the validation images: the confusion matrix, the most confident mistakes, the first layer's kernels. */
export function ResultsPanel() {
  const shown = results.value;
  const isUnderWay = run.value?.isUnderWay.value;
  return (
    <Panel id="results" title="Results">
      <p class="facts">
        {shown
          ? summaryOf(shown)
          : canAsk()
            ? 'They appear when the run ends, or evaluate now.'
            : (notKept() ?? 'The predictions for the validation images appear here after training.')}
      </p>
      {canAsk() && (isUnderWay || !shown || shown.samples !== experiment.value.testTimeAugmentation) && (
        <button id="evaluate" type="button" aria-disabled={isEvaluating.value} onClick={evaluate}>
          {isEvaluating.value ? 'Evaluating…' : shown ? 'Evaluate again' : 'Evaluate now'}
        </button>
      )}
      {shown && (
        <div class="parts">
          {shown.kind === 'numbers' && <Numbers {...shown} />}
          {shown.kind === 'labels' && <ByLabel {...shown} />}
          {shown.kind === 'classes' && (
            <>
              <ConfusionMatrix {...shown} />
              <ByClass {...shown} />
            </>
          )}
          <Kernels {...shown} />
          {shown.kind === 'classes' && <Mistakes {...shown} />}
          {shown.kind === 'numbers' && <Furthest {...shown} />}
        </div>
      )}
      <LargestGradients />
    </Panel>
  );
}

function summaryOf(shown: Results): string {
  const how = shown.samples ? `, mean of ${counted(shown.samples, 'augmented sample')} of each` : '';
  const images = `${counted(shown.images, 'validation image')} after ${counted(shown.step, 'step')}${how}: `;
  if (shown.kind === 'numbers') {
    const [{ meanAbsoluteError, meanSquaredError, r2 }, ...others] = shown.figures as [RegressionFigures];
    if (others.length) return `${images}${counted(shown.names.length, 'number')} of each.`;
    return `${images}mean absolute error ${short(meanAbsoluteError)}, mean squared error ${short(meanSquaredError)}, R² ${fixed(r2, 3) || 'unknown'}.`;
  }
  if (shown.kind === 'labels') return `${images}${percent(shown.exact)} of them have every label right.`;
  const { confusion, balancedAccuracy, asked, mistakes } = shown;
  const known = ['accuracy', 'balancedAccuracy', 'precision', 'recall', 'f1Score'];
  const others = Object.entries(asked).filter(([name]) => !known.includes(name));
  return (
    `${images}accuracy ${percent(confusion.accuracy)}, balanced ${percent(balancedAccuracy)}, ` +
    `${others.map(([name, value]) => `${name} ${metricText(name, value)}, `).join('')}${counted(mistakes, 'mistake')}.`
  );
}

/** Maximum number of classes for which the matrix is legible. */
const mostClasses = 24;

function ConfusionMatrix({ confusion: { counts } }: ClassResults) {
  const names = run.value?.classNames ?? [];
  if (counts.length > mostClasses) return <CommonMistakes counts={counts} names={names} />;
  return (
    <div class="matrix">
      <h3 id="confusion-title">Confusion matrix</h3>
      <Scroll labelledBy="confusion-title">
        <table class={names.some((name) => name.length > 3) ? 'confusion long' : 'confusion'}>
          <thead>
            <tr>
              <td />
              <th scope="colgroup" colSpan={counts.length}>
                predicted
              </th>
            </tr>
            <tr>
              <th scope="col">actual</th>
              {counts.map((_, label) => (
                <th key={label} scope="col" title={names[label]}>
                  {names[label]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {counts.map((row, label) => {
              const all = row.reduce((a, b) => a + b, 0);
              return (
                <tr key={label}>
                  <th scope="row" title={names[label]}>
                    {names[label]}
                  </th>
                  {row.map((images, predicted) => (
                    <td
                      key={predicted}
                      class={images ? (predicted === label ? 'hit' : 'miss') : 'none'}
                      style={{ '--share': all ? images / all : 0 }}
                    >
                      {images ? (
                        <button
                          type="button"
                          class="cell"
                          aria-pressed={isShown(label, predicted)}
                          title={`${count(images)} of ${count(all)} ${names[label]} predicted as ${names[predicted]}: show them`}
                          onClick={() => showCell(label, predicted)}
                        >
                          {count(images)}
                        </button>
                      ) : (
                        '·'
                      )}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scroll>
      <Cell />
    </div>
  );
}

const isShown = (actual: number, predicted: number) =>
  cell.value?.actual === actual && cell.value.predicted === predicted;

/** The images in a cell of the matrix. */
function Cell() {
  const { actual, predicted, images } = cell.value ?? {};
  const shape = shapeOfRun();
  const names = run.value?.classNames ?? [];
  if (actual === undefined || predicted === undefined || !shape) {
    return <p class="facts">Select a cell to see its images.</p>;
  }
  const all = results.value?.kind === 'classes' ? results.value.confusion.counts[actual]![predicted]! : 0;
  return (
    <section id="cell" aria-labelledby="cell-title">
      <h3 id="cell-title" aria-live="polite">
        {`Actual ${names[actual]}, predicted ${names[predicted]}: ${counted(all, 'image')}`}
        {images && images.length < all && `, the ${count(images.length)} most confident`}
      </h3>
      <ul class="mistakes">
        {images?.map(({ sample, probability, picture }) => (
          <li key={sample}>
            <button type="button" title={`Validation image ${sample}: try it`} onClick={() => tryImage('test', sample)}>
              <Picture pixels={picture.pixels} shape={shape} label={`validation image ${sample}`} />
              <span class="fact">{percent(probability)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Precision, recall and F1 of each class. */
function ByClass({ byClass: { precision, recall, f1Score }, macro }: ClassResults) {
  const names = run.value?.classNames ?? [];
  return (
    <section class="by-class" aria-labelledby="by-class-title">
      <h3 id="by-class-title">Precision, recall and F1 by class</h3>
      <Scroll labelledBy="by-class-title">
        <table id="by-class">
          <ColumnNames names={['class', 'precision', 'recall', 'F1']} />
          <tbody>
            {precision.map((value, label) => (
              <tr key={label}>
                <th scope="row">{names[label]}</th>
                {[value, recall[label], f1Score[label]].map((one, i) => (
                  <td key={i}>{one === undefined || Number.isNaN(one) ? '–' : percent(one)}</td>
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">mean</th>
              {[macro.precision, macro.recall, macro.f1Score].map((one, i) => (
                <td key={i}>{one === undefined || Number.isNaN(one) ? '–' : percent(one)}</td>
              ))}
            </tr>
          </tfoot>
        </table>
      </Scroll>
    </section>
  );
}

/** Replaces a matrix with too many classes. */
function CommonMistakes({ counts, names }: { counts: readonly number[][]; names: readonly string[] }) {
  const pairs = counts
    .flatMap((row, label) => row.map((images, predicted) => ({ images, label, predicted })))
    .filter(({ images, label, predicted }) => images && label !== predicted)
    .sort((a, b) => b.images - a.images)
    .slice(0, 20);
  return (
    <section aria-labelledby="confusion-title">
      <h3 id="confusion-title">Most frequent mistakes</h3>
      <ol>
        {pairs.map(({ images, label, predicted }) => (
          <li key={`${label} ${predicted}`}>
            actual {names[label]}, predicted {names[predicted]}: {count(images)}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Mistakes({
  confusion: { mistakes },
  pictures,
  imageShape,
  mistakes: all,
}: ClassResults & Pick<Results, 'imageShape'>) {
  const names = run.value?.classNames ?? [];
  if (!all) return <p>No mistakes.</p>;
  return (
    <section aria-labelledby="mistakes-title">
      <h3 id="mistakes-title">Most confident mistakes</h3>
      <ul class="mistakes">
        {mistakes.map(({ sample, label, predicted, probability }, i) => (
          <li key={sample}>
            <button
              type="button"
              title={`Validation image ${sample}, actual ${names[label]}, predicted ${names[predicted]}: try it`}
              onClick={() => tryImage('test', sample)}
            >
              <Picture pixels={pictures[i]!.pixels} shape={imageShape} label={`validation image ${sample}`} />
              <span class="name">{`actual ${names[label]}`}</span>
              <span class="fact">{`predicted ${names[predicted]}`}</span>
              <span class="fact">{percent(probability)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Kernels({ kernels }: Results) {
  if (!kernels) return null;
  const { tiles, ranges, most } = kernelTiles(kernels);
  const [height, width, channels, filters] = kernels.shape as [number, number, number, number];
  return (
    <section class="kernels" aria-labelledby="kernels-title">
      <h3 id="kernels-title">Kernels of {kernels.layer}</h3>
      <ol class="kernel-tiles">
        {tiles.map(({ pixels, shape }, filter) => (
          <li
            key={filter}
            title={`Kernel ${filter}: weights from ${short(ranges[filter]!.least)} to ${short(ranges[filter]!.most)}`}
          >
            <Picture pixels={pixels} shape={shape} label={`kernel ${filter}`} />
            <span aria-hidden="true">{filter}</span>
          </li>
        ))}
      </ol>
      <p class="facts">
        {`${counted(filters, 'kernel')} of ${height} × ${width}${channels === 3 ? ', red, green and blue' : ''}: gray is 0, ` +
          `black −${fixed(most, 3)}, white ${fixed(most, 3)}.`}
        {channels !== 1 && channels !== 3 && ' Their first channel.'}
      </p>
    </section>
  );
}
