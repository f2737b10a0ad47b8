import { count, counted, figure, fixed } from '../../../figures.ts';
import type { RegressionFigures } from '../../../train/regression.ts';
import { experiment } from '../../app/state.ts';
import { ColumnNames } from '../../ui/column_names.tsx';
import { Panel, type PanelProps } from '../../ui/panel.tsx';
import { Picture } from '../../ui/picture.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { kernelTiles } from '../../ui/tiles.ts';
import { canAsk, notKept, tryImage } from '../run/questions.ts';
import { run } from '../run/state.ts';
import { ByLabel } from './label_results.tsx';
import { Hardest } from './largest_gradients.tsx';
import { isLooking, look, results } from './model.ts';
import { Furthest, Numbers } from './number_results.tsx';
import type { ClassResults, Results } from './worker.ts';
import './style.css';

/** What became of the validation images: which classes are taken for which, the surest mistakes, the first kernels. */
export function ResultsPanel({ aside }: Pick<PanelProps, 'aside'>) {
  const shown = results.value;
  const isUnderWay = run.value?.isUnderWay.value;
  return (
    <Panel id="results" title="Results" aside={aside}>
      <p class="facts">
        {shown
          ? summaryOf(shown)
          : canAsk()
            ? 'The end of the run brings them, or a look now.'
            : (notKept() ?? 'What becomes of the validation images appears here when something was trained.')}
      </p>
      {canAsk() && (isUnderWay || !shown || shown.samples !== experiment.value.testTimeAugmentation) && (
        <button id="look" type="button" aria-disabled={isLooking.value} onClick={look}>
          {isLooking.value ? 'Looking…' : shown ? 'Look again' : 'Look now'}
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
      <Hardest />
    </Panel>
  );
}

function summaryOf(shown: Results): string {
  const how = shown.samples ? `, mean of ${counted(shown.samples, 'augmented sample')} of each` : '';
  const images = `${counted(shown.images, 'validation image')} after ${counted(shown.step, 'step')}${how}: `;
  if (shown.kind === 'numbers') {
    const [{ meanAbsoluteError, meanSquaredError, r2 }, ...others] = shown.figures as [RegressionFigures];
    if (others.length) return `${images}${counted(shown.names.length, 'number')} of each.`;
    return `${images}mean absolute error ${figure(meanAbsoluteError)}, mean squared error ${figure(meanSquaredError)}, R² ${fixed(r2, 3) || 'unknown'}.`;
  }
  if (shown.kind === 'labels') return `${images}${percent(shown.exact)} of them have every label right.`;
  const { confusion, balancedAccuracy, asked, mistakes } = shown;
  const known = ['accuracy', 'balancedAccuracy', 'precision', 'recall', 'f1Score'];
  const others = Object.entries(asked).filter(([name]) => !known.includes(name));
  return (
    `${images}accuracy ${fixed(confusion.accuracy)}, balanced ${fixed(balancedAccuracy)}, ` +
    `${others.map(([name, value]) => `${name} ${fixed(value)}, `).join('')}${counted(mistakes, 'mistake')}.`
  );
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Beyond these a matrix says nothing any more. */
const mostClasses = 24;

function ConfusionMatrix({ confusion: { counts } }: ClassResults) {
  const names = run.value?.classNames ?? [];
  if (counts.length > mostClasses) return <CommonMistakes counts={counts} names={names} />;
  return (
    <div class="matrix">
      <h3 id="confusion-title">Which class is taken for which</h3>
      <Scroll labelledBy="confusion-title">
        <table class={names.some((name) => name.length > 3) ? 'confusion long' : 'confusion'}>
          <thead>
            <tr>
              <td />
              <th scope="colgroup" colSpan={counts.length}>
                taken for
              </th>
            </tr>
            <tr>
              <th scope="col">is</th>
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
                      title={`${count(images)} of ${count(all)} ${names[label]} taken for ${names[predicted]}`}
                    >
                      {images ? count(images) : '·'}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scroll>
    </div>
  );
}

/** What the matrix says of each class. */
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
                  <td key={i}>{fixed(one)}</td>
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">mean</th>
              {[macro.precision, macro.recall, macro.f1Score].map((one, i) => (
                <td key={i}>{fixed(one)}</td>
              ))}
            </tr>
          </tfoot>
        </table>
      </Scroll>
    </section>
  );
}

/** In place of a matrix with too many classes. */
function CommonMistakes({ counts, names }: { counts: readonly number[][]; names: readonly string[] }) {
  const pairs = counts
    .flatMap((row, label) => row.map((images, predicted) => ({ images, label, predicted })))
    .filter(({ images, label, predicted }) => images && label !== predicted)
    .sort((a, b) => b.images - a.images)
    .slice(0, 20);
  return (
    <section aria-labelledby="confusion-title">
      <h3 id="confusion-title">Classes that are taken for others most often</h3>
      <ol>
        {pairs.map(({ images, label, predicted }) => (
          <li key={`${label} ${predicted}`}>
            {names[label]} for {names[predicted]}: {count(images)}
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
  if (!all) return <p>No mistake at all.</p>;
  return (
    <section aria-labelledby="mistakes-title">
      <h3 id="mistakes-title">The surest mistakes</h3>
      <ul class="mistakes">
        {mistakes.map(({ sample, label, predicted, probability }, i) => (
          <li key={sample}>
            <button
              type="button"
              title={`Validation image ${sample}, it is ${names[label]}, seen as ${names[predicted]}: ask about it`}
              onClick={() => tryImage('test', sample)}
            >
              <Picture pixels={pictures[i]!.pixels} shape={imageShape} label={`validation image ${sample}`} />
              <span class="name">{`it is ${names[label]}`}</span>
              <span class="fact">{`seen as ${names[predicted]}`}</span>
              <span class="fact">{`${(100 * probability).toFixed(1)} % sure`}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Kernels({ kernels }: Results) {
  if (!kernels) return null;
  const { tiles, most } = kernelTiles(kernels);
  const [height, width, channels, filters] = kernels.shape as [number, number, number, number];
  return (
    <section class="kernels" aria-labelledby="kernels-title">
      <h3 id="kernels-title">Kernels of {kernels.layer}</h3>
      <div class="tiles">
        <Picture
          pixels={tiles.pixels}
          shape={tiles.shape}
          label={`${counted(filters, 'kernel')} of ${height} by ${width} by ${channels}`}
        />
      </div>
      <p class="facts">
        {`${counted(filters, 'kernel')} of ${height} × ${width}${channels === 3 ? ', red, green and blue' : ''}: grey is 0, ` +
          `black −${fixed(most, 3)}, white ${fixed(most, 3)}.`}
        {channels !== 1 && channels !== 3 && ' Their first channel.'}
      </p>
    </section>
  );
}
