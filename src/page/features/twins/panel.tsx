import { computed, signal } from '@preact/signals';
import { type Variable, variables } from '../../../compare/variables.ts';
import { figure } from '../../../figures.ts';
import { isOwnOf } from '../../app/experiment_url.ts';
import { change, experiment, settled } from '../../app/state.ts';
import { Choices } from '../../ui/choices.tsx';
import { ColumnNames } from '../../ui/column_names.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { isReady, run } from '../run/state.ts';
import { comparison, nameOf, savePairs, saveReport, trainTwins } from './model.ts';
import { choicesOf } from './twin_choices.ts';
import './style.css';
import { metricText, points, short, withPowers } from '../../ui/numbers.ts';
import { TwinsKey } from '../run/twins_key.tsx';

const chosenVariable = signal<Variable>('augmentation');
/** The experiment's variable, or the one chosen in the panel. */
const vary = computed(() => experiment.value.twin?.vary ?? chosenVariable.value);
const wanted = signal<Partial<Record<Variable, string>>>({});
const pairs = signal(1);

/** A second network that starts from the same weights with one variable changed, trained in lock-step with the first. */
export function TwinsPanel() {
  const own = nameOf(settled.value, vary.value);
  const others = choicesOf(vary.value).filter(({ name }) => name !== own);
  const isNumber = vary.value === 'learning-rate';
  const fitting = others.filter(({ refused }) => !refused).map(({ name }) => name);
  const chosen = experiment.value.twin?.to ?? wanted.value[vary.value];
  const byDefault = isNumber ? String(Number(own) * 10) : fitting[0];
  const twin = experiment.value.twin;
  const ownOfB = twin && isOwnOf(twin) ? twin.to : undefined;
  const to = chosen !== undefined && (isNumber || fitting.includes(chosen) || chosen === ownOfB) ? chosen : byDefault;
  const set = (value: string) => {
    wanted.value = { ...wanted.value, [vary.value]: value };
    if (experiment.peek().twin) change({ twin: { vary: vary.value, to: value } });
  };
  const isUnderWay = run.value?.isUnderWay.value ?? false;
  const isUsable = to !== undefined && (!isNumber || (Number(to) > 0 && to !== own));
  return (
    <Panel id="twins" title="Twins">
      <p class="facts">
        Train two networks, A and B, that differ in one thing only: same start, same images, same order. Repeat with
        other seeds to rule out chance.
      </p>
      <div class="choices">
        <label>
          What differs
          <select
            id="vary"
            value={vary.value}
            onChange={({ currentTarget }) => {
              chosenVariable.value = currentTarget.value as Variable;
              if (experiment.peek().twin) change({ twin: undefined });
            }}
          >
            {variables.map((name) => (
              <option key={name} value={name}>
                {name.replace('-', ' ')}
              </option>
            ))}
          </select>
        </label>
        <label for="twin-b">
          B uses (A uses {own})
          {isNumber ? (
            <input id="twin-b" inputMode="decimal" value={to} onInput={(event) => set(event.currentTarget.value)} />
          ) : (
            <select id="twin-b" value={to} onChange={(event) => set(event.currentTarget.value)}>
              {ownOfB && <option value={ownOfB}>{`a changed ${vary.value}`}</option>}
              {others.map(({ name, refused }) => (
                <option key={name} value={name} disabled={refused !== undefined} title={refused}>
                  {refused === undefined ? name : `${name}, not for these images`}
                </option>
              ))}
            </select>
          )}
        </label>
        <label>
          Repeats (seeds)
          <select
            id="pairs"
            value={pairs.value}
            onChange={(event) => (pairs.value = Number(event.currentTarget.value))}
          >
            <Choices of={[1, 2, 3, 5, 10]} />
          </select>
        </label>
        <button
          id="train-twins"
          type="button"
          disabled={!isUsable || !(isReady.value || isUnderWay)}
          aria-disabled={isUnderWay}
          onClick={() => to !== undefined && trainTwins({ vary: vary.value, to }, pairs.value)}
        >
          Train A and B
        </button>
      </div>
      <Outcome />
    </Panel>
  );
}

/** The difference and its description, as long as the runs that it is about are shown. */
function Outcome() {
  const last = comparison.value;
  if (!last || !run.value?.twinB) return null;
  const { rows, paragraph, pairs } = last.result;
  return (
    <div id="twins-outcome">
      <TwinsKey />
      <p class="paragraph">{withPowers(paragraph)}</p>
      <Scroll label="Comparison of the twins">
        <table>
          <ColumnNames names={['at the end', 'A', 'B', 'A − B, or A / B', ...(pairs > 1 ? ['p'] : [])]} />
          <tbody>
            {rows.map(({ figure: name, scale, a, b, test, differs }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{valueText(name, a.mean)}</td>
                <td>{valueText(name, b.mean)}</td>
                <td>
                  {scale === 'log' && !Number.isNaN(test.difference.mean) && '× '}
                  {differenceText(name, test.difference.mean)}
                </td>
                {pairs > 1 && (
                  <td>
                    {Number.isNaN(test.p) ? '–' : figure(Number(test.p.toPrecision(2)))}
                    {differs && ' differs'}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <div class="downloads">
        <button
          id="save-report"
          type="button"
          title="One HTML file with all tables and plots, as wgrad compare --report writes it"
          onClick={saveReport}
        >
          Download report
        </button>
        <button
          id="save-pairs"
          type="button"
          title="JSON with all figures of every pair, which wgrad compare --resume continues from"
          onClick={savePairs}
        >
          Download pairs
        </button>
      </div>
    </div>
  );
}

const valueText = (name: string, value: number) => (Number.isNaN(value) ? '–' : metricText(name, value));

const differenceText = (name: string, value: number) =>
  Number.isNaN(value) ? '–' : name.includes('accuracy') ? points(value) : short(value);
