import { roughFigure } from '../../../figures.ts';
import { dataset } from '../../app/state.ts';
import { ColumnNames } from '../../ui/column_names.tsx';
import { Picture } from '../../ui/picture.tsx';

/** Maximum number of target values below a picture. */
const fewNames = 3;

/** Replaces the class overview: some images with their target numbers, and the distribution of each number. */
export function DataNumbers() {
  const { facts, overview } = dataset.value;
  const { numbers } = overview ?? {};
  if (!facts?.targetNames || !numbers) return null;
  const names = facts.targetNames;
  return (
    <>
      <ul class="classes" aria-label="Training images with their numbers">
        {numbers.samples.map(({ pixels, values }, i) => (
          <li key={i} title={values.map((value, k) => `${names[k]}: ${roughFigure(value)}`).join('\n')}>
            <Picture pixels={pixels} shape={facts.imageShape} label={`training image ${i}`} />
            {values.slice(0, fewNames).map((value, k) => (
              <span key={k} class="count">
                {roughFigure(value)}
              </span>
            ))}
          </li>
        ))}
      </ul>
      <table id="numbers" class="numbers">
        <ColumnNames names={['number', 'minimum', 'mean', 'maximum']} />
        <tbody>
          {numbers.spreads.map(({ least, mean, most }, k) => (
            <tr key={k}>
              <th scope="row">{names[k]}</th>
              {[least, mean, most].map((value, i) => (
                <td key={i}>{roughFigure(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
