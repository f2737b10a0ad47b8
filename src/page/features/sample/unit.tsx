import type { ComponentChildren } from 'preact';
import { count, counted } from '../../../figures.ts';
import { elementAt, elementOf } from '../../ui/maps.ts';
import { short } from '../../ui/numbers.ts';
import { TypedNumber } from '../../ui/typed_number.tsx';
import { chooseUnit, shownUnit, unitOf } from './model.ts';
import type { FollowedLayer, ShownNorm, ShownTerm, ShownUnit } from './worker.ts';

/** One number of a layer: how it is computed, or in the backward pass where its gradient goes. */
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

/** The position of a term in its input, and which input. A single map needs no index. */
const placeWords = ({ shape }: ShownUnit, { at, from }: ShownTerm) =>
  at ? `${from ? `${from} ` : ''}[${(shape[2] === 1 ? at.slice(0, 2) : at).join(', ')}]` : 'padding';

const inputWords = ({ shape }: ShownUnit) =>
  shape.length < 3 ? 'input [unit]' : shape[2] === 1 ? 'input [row, column]' : 'input [row, column, map]';

const hasWeights = ({ terms }: ShownUnit) => terms.some(({ w }) => w !== undefined);

function ForwardUnit({ layer, value, made }: { layer: FollowedLayer; value: number; made: ShownUnit | undefined }) {
  const { activation } = layer;
  if (!made) return <p>{`Its value is ${short(value)}.`}</p>;
  const isWeighted = hasWeights(made);
  const span = isWeighted ? 3 : 1;
  const isSum = made.how === 'sum' || made.how === 'mean';
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{inputWords(made)}</th>
          <th scope="col">value</th>
          {isWeighted && (
            <th scope="col">{made.hasFactors ? '× share' : made.isSeparable ? '× both weights' : '× weight'}</th>
          )}
          {isWeighted && <th scope="col">= product</th>}
        </tr>
      </thead>
      <tbody>
        {made.terms.map((term, i) => (
          <tr key={i}>
            <th scope="row">{placeWords(made, term)}</th>
            <td>{short(term.x)}</td>
            {isWeighted && <td>{short(term.w!)}</td>}
            {isWeighted && <td>{short(term.product)}</td>}
          </tr>
        ))}
        {made.others.count > 0 && (
          <Row span={span} name={`${counted(made.others.count, 'other')}${isSum ? ', in total' : ''}`}>
            {isSum ? short(made.others.sum) : ''}
          </Row>
        )}
        {made.norm && <Normalized {...made.norm} />}
        {made.bias !== undefined && (
          <Row span={span} name="bias">
            {short(made.bias)}
          </Row>
        )}
      </tbody>
      <tfoot>
        <Row span={span} name={made.how} id="unit-sum">
          {short(made.z)}
        </Row>
        {activation && (
          <Row span={span} name={`after ${activation}`} id="unit-value">
            {short(value)}
          </Row>
        )}
      </tfoot>
    </table>
  );
}

interface RowProps {
  name: string;
  /** Number of columns that the name spans. */
  span?: number;
  id?: string;
  children: ComponentChildren;
}

const Row = ({ name, span = 1, id, children }: RowProps) => (
  <tr>
    <th scope="row" colSpan={span}>
      {name}
    </th>
    <td id={id}>{children}</td>
  </tr>
);

/** The operations of a normalization on a number, one row each. */
const Normalized = ({ mean, variance, epsilon, gamma, beta, over }: ShownNorm) => (
  <>
    <Row name={over === undefined ? '− moving mean' : `− mean of ${counted(over, 'number')}`}>{short(mean)}</Row>
    <Row name={`÷ √(${over === undefined ? 'moving ' : ''}variance + ${short(epsilon)})`}>
      {short(Math.sqrt(variance + epsilon))}
    </Row>
    {gamma !== undefined && <Row name="× gamma">{short(gamma)}</Row>}
    {beta !== undefined && <Row name="+ beta">{short(beta)}</Row>}
  </>
);

/** The gradient of a weight is delta times the weight's input, the gradient of an input delta times the weight. */
function BackwardUnit({ layer, delta, made }: { layer: FollowedLayer; delta: number; made: ShownUnit | undefined }) {
  const isMap = layer.shape.length === 3;
  const isWeighted = made && hasWeights(made) && delta !== 0;
  const hasGradients = made && !made.isSeparable && !made.hasFactors;
  const row = (term: ShownTerm, i: number) => (
    <tr key={i}>
      <th scope="row">{placeWords(made!, term)}</th>
      {hasGradients && <td>{short(delta * term.x)}</td>}
      <td>{short(delta * term.w!)}</td>
    </tr>
  );
  return (
    <>
      <p id="unit-delta">
        Its gradient is <strong>{short(delta)}</strong>
        {delta === 0 ? ': no gradient flows back through it.' : '.'}
      </p>
      {isWeighted && (
        <table>
          <thead>
            <tr>
              <th scope="col">{inputWords(made)}</th>
              {hasGradients && <th scope="col">gradient of its weight</th>}
              <th scope="col">gradient of the input</th>
            </tr>
          </thead>
          <tbody>{made.terms.map(row)}</tbody>
        </table>
      )}
      {isWeighted && made.hasFactors && (
        <p class="facts">
          An input gets gradient × share. It is a part of several pixels: its gradient is the sum over all of them.
        </p>
      )}
      {isWeighted && !made.hasFactors && (
        <p class="facts">
          {`${made.isSeparable ? 'An input gets gradient × both weights' : 'A weight gets gradient × input, and an input gets gradient × weight'}. ${made.others.count ? `Of its ${counted(made.terms.length + made.others.count, 'weight')}, the ${count(made.terms.length)} with the largest products are shown. ` : ''}`}
          {isMap
            ? 'A weight is used at every position of its map: its gradient is the sum over all positions.'
            : 'An input is used by every unit: its gradient is the sum over all units.'}
        </p>
      )}
      {made && !isWeighted && <p class="facts">{wayBack(made, delta)}</p>}
    </>
  );
}

/** How the gradient of a number without weights reaches its inputs. */
function wayBack({ how, terms, others, norm }: ShownUnit, delta: number): string {
  const all = count(terms.length + others.count);
  if (norm) {
    const factor = (norm.gamma ?? 1) / Math.sqrt(norm.variance + norm.epsilon);
    return norm.over === undefined
      ? `The input gets gradient × gamma ÷ standard deviation, ${short(delta * factor)}: the statistics don't depend on this image.`
      : `Mean and variance depend on all ${count(norm.over)} numbers, so each of them gets a part of it.`;
  }
  return {
    sum: `Each of the ${all} numbers gets all of it.`,
    largest: 'All of it goes back to the largest number; the others get nothing.',
    mean: `Each of the ${all} numbers gets an equal share.`,
    product: 'Each number gets the gradient × the other numbers.',
    copy: 'All of it goes back to the number that was copied.',
    normalized: '',
  }[how];
}
