import { count } from '../../../figures.ts';
import { labelThreshold } from '../../../train/label_scores.ts';
import { ColumnNames } from '../../ui/column_names.tsx';
import { percent } from '../../ui/numbers.ts';
import { Scroll } from '../../ui/scroll.tsx';
import type { LabelResults } from './worker.ts';

/** Validation metrics of each label, for labels that are not mutually exclusive. */
export function ByLabel({ names, scores }: LabelResults) {
  const columns = ['precision', 'recall', 'f1Score', 'accuracy'] as const;
  const mean = (of: (typeof columns)[number]) => scores.reduce((sum, one) => sum + one[of], 0) / scores.length;
  return (
    <section class="by-class" aria-labelledby="by-label-title">
      <h3 id="by-label-title">Precision, recall and F1 by label</h3>
      <Scroll labelledBy="by-label-title">
        <table id="by-label">
          <ColumnNames names={['label', 'images', 'precision', 'recall', 'F1', 'accuracy']} />
          <tbody>
            {scores.map((one, k) => (
              <tr key={k}>
                <th scope="row">{names[k]}</th>
                <td>{count(one.support)}</td>
                {columns.map((column) => (
                  <td key={column}>{percent(one[column])}</td>
                ))}
              </tr>
            ))}
          </tbody>
          {scores.length > 1 && (
            <tfoot>
              <tr>
                <th scope="row">mean</th>
                <td />
                {columns.map((column) => (
                  <td key={column}>{percent(mean(column))}</td>
                ))}
              </tr>
            </tfoot>
          )}
        </table>
      </Scroll>
      <p class="facts">An image is predicted to have a label whose probability is above {labelThreshold}.</p>
    </section>
  );
}
