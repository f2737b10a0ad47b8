import { count, counted } from '../../../figures.ts';
import { elementAt, elementOf } from '../../ui/maps.ts';
import { TypedNumber } from '../../ui/typed_number.tsx';
import { chooseUnit, shownUnit, unitOf } from './model.ts';
import { short } from './short.ts';
import type { FollowedLayer, ShownTerm, ShownUnit } from './worker.ts';

/** One number of a layer: what makes it, or on the way back what becomes of its gradient. */
export function Unit({ layer, kind }: { layer: FollowedLayer; kind: 'forward' | 'backward' }) {
  const unit = unitOf(layer);
  const shown = shownUnit.value;
  const made = shown?.layer === layer.layer && shown.unit === unit ? shown.made : undefined;
  return (
    <section class="unit" aria-labelledby="unit-title">
      <h4 id="unit-title">One number of this layer</h4>
      <Place layer={layer} unit={unit} />
      {kind === 'forward' ? (
        <ForwardUnit layer={layer} value={layer.values[unit]!} made={made} />
      ) : (
        <BackwardUnit layer={layer} delta={layer.deltas[unit]!} made={made} />
      )}
    </section>
  );
}

function Place({ layer: { layer, shape }, unit }: { layer: FollowedLayer; unit: number }) {
  const at = elementAt(shape, unit);
  const names = shape.length === 3 ? ['row', 'column', 'map'] : ['unit'];
  return (
    <div class="row">
      {names.map((name, axis) => (
        <span key={name} class="option">
          <label for={`unit-${name}`}>{name}</label>
          <TypedNumber
            id={`unit-${name}`}
            step={1}
            least={0}
            most={shape[axis]! - 1}
            value={at[axis]}
            onChange={(to) => chooseUnit(layer, elementOf(shape, at.with(axis, to!)))}
          />
        </span>
      ))}
    </div>
  );
}

/** Where in its input a term lies. A single map needs no number. */
const placeWords = ({ shape }: ShownUnit, { at }: ShownTerm) =>
  at ? `[${(shape[2] === 1 ? at.slice(0, 2) : at).join(', ')}]` : 'padding';

const inputWords = ({ shape }: ShownUnit) =>
  shape.length < 3 ? 'input [unit]' : shape[2] === 1 ? 'input [row, column]' : 'input [row, column, map]';

function ForwardUnit({ layer, value, made }: { layer: FollowedLayer; value: number; made: ShownUnit | undefined }) {
  const { activation } = layer;
  if (!made) return <p>{`Its value is ${short(value)}.`}</p>;
  const isSum = made.how === 'sum';
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{inputWords(made)}</th>
          <th scope="col">value</th>
          {isSum && <th scope="col">× weight</th>}
          {isSum && <th scope="col">= product</th>}
        </tr>
      </thead>
      <tbody>
        {made.terms.map((term, i) => (
          <tr key={i}>
            <th scope="row">{placeWords(made, term)}</th>
            <td>{short(term.x)}</td>
            {isSum && <td>{short(term.w!)}</td>}
            {isSum && <td>{short(term.product)}</td>}
          </tr>
        ))}
        {made.others.count > 0 && (
          <tr>
            <th
              scope="row"
              colSpan={isSum ? 3 : 1}
            >{`${counted(made.others.count, 'other')}${isSum ? ', in total' : ''}`}</th>
            <td>{isSum ? short(made.others.sum) : made.how === 'mean' ? short(made.others.sum) : ''}</td>
          </tr>
        )}
        {made.bias !== undefined && (
          <tr>
            <th scope="row" colSpan={3}>
              bias
            </th>
            <td>{short(made.bias)}</td>
          </tr>
        )}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row" colSpan={isSum ? 3 : 1}>
            {{ sum: 'sum', largest: 'largest', mean: 'mean' }[made.how]}
          </th>
          <td id="unit-sum">{short(made.z)}</td>
        </tr>
        {activation && (
          <tr>
            <th scope="row" colSpan={isSum ? 3 : 1}>
              after {activation}
            </th>
            <td id="unit-value">{short(value)}</td>
          </tr>
        )}
      </tfoot>
    </table>
  );
}

/** The gradient of a weight is delta times the weight's input, the gradient of an input delta times the weight. */
function BackwardUnit({ layer, delta, made }: { layer: FollowedLayer; delta: number; made: ShownUnit | undefined }) {
  const isMap = layer.shape.length === 3;
  const row = (term: ShownTerm, i: number) => (
    <tr key={i}>
      <th scope="row">{placeWords(made!, term)}</th>
      <td>{short(delta * term.x)}</td>
      <td>{short(delta * term.w!)}</td>
    </tr>
  );
  return (
    <>
      <p id="unit-delta">
        Its gradient is <strong>{short(delta)}</strong>
        {delta === 0 ? ': no gradient flows back through it.' : '.'}
      </p>
      {made?.how === 'sum' && delta !== 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">{inputWords(made)}</th>
              <th scope="col">gradient of its weight</th>
              <th scope="col">gradient of the input</th>
            </tr>
          </thead>
          <tbody>{made.terms.map(row)}</tbody>
        </table>
      )}
      {made?.how === 'sum' && delta !== 0 && (
        <p class="facts">
          {`A weight gets gradient × input, and an input gets gradient × weight. ${made.others.count ? `Of its ${counted(made.terms.length + made.others.count, 'weight')}, the ${count(made.terms.length)} with the largest products are shown. ` : ''}`}
          {isMap
            ? 'A weight is used at every position of its map: its gradient is the sum over all positions.'
            : 'An input is used by every unit: its gradient is the sum over all units.'}
        </p>
      )}
      {made?.how === 'largest' && (
        <p class="facts">All of it goes back to the largest number; the others get nothing.</p>
      )}
      {made?.how === 'mean' && (
        <p class="facts">{`Each of the ${count(made.terms.length + made.others.count)} numbers gets an equal share.`}</p>
      )}
    </>
  );
}
