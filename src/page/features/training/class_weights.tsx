import { roughFigure } from '../../../figures.ts';
import type { ClassWeight } from '../../../index.ts';
import { balancedWeights } from '../../../train/class_weights.ts';
import { dataset, experiment, settingErrors } from '../../app/state.ts';
import { Refused } from '../../ui/option_field.tsx';
import { SettingError } from '../../ui/options_form.tsx';
import { TypedNumber } from '../../ui/typed_number.tsx';
import { Part, setFit } from './setting_part.tsx';

/** The weight of each class in the loss: equal, balanced by the number of images, or set by the user. */
export function ClassWeights() {
  const { classWeight } = experiment.value.fit ?? {};
  const { facts, overview } = dataset.value;
  const error = settingErrors.value.classWeight;
  const names = facts?.classNames ?? [];
  const kind = classWeight === undefined ? 'none' : classWeight === 'balanced' ? 'balanced' : 'byClass';
  const place = error?.place?.[1];
  const balanced = overview && balancedWeights(overview.counts.train);
  const isUnknown = place !== undefined && Number(place) >= names.length;
  const choose = (to: string) => {
    const each = names.map((_, label): [number, number] => [
      label,
      kind === 'balanced' ? rounded(balanced?.[label]) : 1,
    ]);
    setFit({ classWeight: to === 'none' ? undefined : to === 'balanced' ? to : Object.fromEntries(each) });
  };
  const weights = typeof classWeight === 'object' ? classWeight : {};
  return (
    <Part
      id="class-weight-form"
      title="Class weights"
      gist={{ none: 'none', balanced: 'balanced', byClass: 'by class' }[kind]}
      isWrong={error !== undefined}
    >
      <label for="class-weight">Weight of each class in the loss</label>
      <select id="class-weight" value={kind} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        <option value="none">all the same</option>
        <option value="balanced">balanced: rare classes count more</option>
        <option value="byClass">a weight for each class</option>
      </select>
      {kind === 'balanced' && balanced && (
        <p class="facts">
          {`Images ÷ (classes × images of the class): ${extremes(balanced, names)}, computed from the whole training set.`}
        </p>
      )}
      {kind === 'byClass' && (
        <ul class="weights" aria-label="Weight of each class">
          {names.map((name, label) => (
            <li key={label}>
              <label for={`class-weight-${label}`} title={name}>
                {name}
              </label>
              <TypedNumber
                id={`class-weight-${label}`}
                value={weights[label]}
                least={0}
                step="any"
                onChange={(to) => setFit({ classWeight: { ...weights, [label]: to! } })}
              />
              {String(label) === place && error && <Refused id={`class-weight-${label}`} {...error} />}
            </li>
          ))}
        </ul>
      )}
      {error && (place === undefined || isUnknown) && (
        <>
          <SettingError {...error} />
          {typeof classWeight === 'object' && (
            <button type="button" onClick={() => setFit({ classWeight: fitted(weights, names.length) })}>
              {`Fit the weights to ${names.length} classes`}
            </button>
          )}
        </>
      )}
    </Part>
  );
}

const rounded = (weight = 1) => Number(weight.toPrecision(3));

/** The smallest and the largest weight. */
function extremes(weights: readonly number[], names: readonly string[]): string {
  const [least, most] = [Math.min(...weights), Math.max(...weights)];
  const of = (weight: number) => `${roughFigure(weight)} (${names[weights.indexOf(weight)]})`;
  return roughFigure(least) === roughFigure(most) ? `${roughFigure(most)} each` : `from ${of(least)} to ${of(most)}`;
}

/** A weight for each class of the data set, 1 for those without one. */
const fitted = (weights: Exclude<ClassWeight, string>, classes: number): ClassWeight =>
  Object.fromEntries(Array.from({ length: classes }, (_, label) => [label, weights[label] ?? 1]));
