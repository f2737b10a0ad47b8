import type { LossConfig } from '../../../model/losses/index.ts';
import { describeOptions } from '../../../options.ts';
import { callbackDefinitions } from '../../../train/callbacks/index.ts';
import { monitorNames } from '../../../train/monitor.ts';
import { isCategorical, lossFor, lossOf, sameLoss } from '../../app/experiment.ts';
import { mostTestTimeSamples } from '../../app/experiment_url.ts';
import { known } from '../../app/model_facts.ts';
import { type CallbackName, callbackNames, monitorable } from '../../app/setting_errors.ts';
import { change, dataset, experiment, settingErrors, settled } from '../../app/state.ts';
import { capitalized } from '../../ui/capitalized.ts';
import { Choices } from '../../ui/choices.tsx';
import { OptionsForm, SettingError } from '../../ui/options_form.tsx';
import { NumberOption } from '../../ui/typed_number.tsx';
import { ClassWeights } from './class_weights.tsx';
import { endedFor } from './ended_model.ts';
import { Metrics } from './metrics.tsx';
import { Part, setFit } from './setting_part.tsx';

/**
 * Forms for the loss and for the options of `fit`, generated from the definitions, so that a new loss, metric or callback needs no
 * code here.
 */
export function GoalForms() {
  return (
    <>
      <LossForm />
      {isCategorical(settled.value) && dataset.value.facts?.classNames.length !== 0 && <ClassWeights />}
      <Metrics />
      <Validation />
      {callbackNames.map((name) => (
        <Callback key={name} name={name} />
      ))}
    </>
  );
}

function LossForm() {
  const loss = lossOf(settled.value);
  const { losses } = known.value;
  const set = (to: LossConfig & object) => {
    const { facts } = dataset.peek();
    const suits = lossOf({ loss: facts && lossFor(facts) });
    const { model } = experiment.peek();
    change({
      loss: sameLoss(to, suits) ? undefined : to,
      ...(typeof model !== 'string' && { model: endedFor(model, to) }),
    });
  };
  return (
    <>
      <label for="loss-type">Loss</label>
      <select
        id="loss-type"
        autocomplete="off"
        value={loss.type}
        onChange={({ currentTarget }) => set({ type: currentTarget.value } as LossConfig & object)}
      >
        <Choices of={losses.map(({ type }) => type)} />
      </select>
      <OptionsForm
        id="loss"
        options={losses.find(({ type }) => type === loss.type)?.options ?? []}
        value={loss}
        onChange={(to) => set(to as LossConfig & object)}
        error={settingErrors.value.loss}
        endOf={({ default: byDefault }) => Math.max(1, 4 * Number(byDefault))}
      />
    </>
  );
}

function Validation() {
  const { fit = {}, testTimeAugmentation } = experiment.value;
  const { validationFreq, validationSplit, terminateOnNaN } = fit;
  const error = settingErrors.value.validation;
  const gist = [
    validationSplit === undefined ? 'validation images' : `${Math.round(100 * validationSplit)} % held out`,
    ...(typeof validationFreq === 'number' && validationFreq > 1 ? [`every ${validationFreq} epochs`] : []),
    ...(testTimeAugmentation ? [`mean of ${testTimeAugmentation} augmented`] : []),
  ].join(', ');
  return (
    <Part id="validation-form" title="Validation" gist={gist} isWrong={error !== undefined}>
      <div class="options">
        <NumberOption
          name="Share of training images held out"
          id="validation-split"
          value={validationSplit}
          placeholder="none: validation images"
          least={0.001}
          most={0.999}
          step="any"
          onChange={(to) => setFit({ validationSplit: to })}
        />
        <NumberOption
          name="Epochs between validations"
          id="validation-freq"
          value={typeof validationFreq === 'number' ? validationFreq : undefined}
          placeholder={Array.isArray(validationFreq) ? validationFreq.join(', ') : '1'}
          least={1}
          most={1e6}
          onChange={(to) => setFit({ validationFreq: to })}
        />
        <NumberOption
          name="Test-time augmentation, samples"
          id="test-time-augmentation"
          value={testTimeAugmentation}
          placeholder="none"
          least={1}
          most={mostTestTimeSamples}
          onChange={(to) => change({ testTimeAugmentation: to })}
        />
        <div class="option">
          <label class="tick" for="terminate-on-nan">
            <input
              id="terminate-on-nan"
              type="checkbox"
              checked={terminateOnNaN ?? false}
              onChange={({ currentTarget }) => setFit({ terminateOnNaN: currentTarget.checked || undefined })}
            />
            <span>Stop at the first NaN</span>
          </label>
        </div>
      </div>
      <p class="facts">
        With test-time augmentation, Results averages the predictions for that many augmented samples of each validation
        image. Validation after each epoch does not augment.
      </p>
      {error && <SettingError {...error} />}
    </Part>
  );
}

/** Initial options of a callback when it is switched on, if its defaults are of little use in a short run. */
const starters: Partial<Record<CallbackName, object>> = {
  earlyStopping: { patience: 3, restoreBestWeights: true },
  reduceLrOnPlateau: { patience: 3 },
};

/** Descriptions of the callbacks. */
const uses: Partial<Record<CallbackName, string>> = {
  earlyStopping: 'End the run when the monitored figure stops improving',
  reduceLrOnPlateau: 'Lower the learning rate when the monitored figure stops improving',
};

function Callback({ name }: { name: CallbackName }) {
  const value = experiment.value.fit?.[name];
  const error = settingErrors.value[name];
  const monitors = monitorNames(monitorable(settled.value));
  const options = describeOptions(callbackDefinitions[name].schema).map((option) =>
    option.name === 'monitor' ? { ...option, kind: 'choice' as const, choices: monitors } : option,
  );
  const monitor = (value as { monitor?: string } | undefined)?.monitor ?? options[0]?.default;
  return (
    <Part
      id={`${name}-form`}
      title={titleOf(name)}
      gist={value ? `on ${monitor}, patience ${patienceOf(value, options)}` : 'off'}
      isWrong={error !== undefined}
    >
      <label class="tick" for={`${name}-on`}>
        <input
          id={`${name}-on`}
          type="checkbox"
          checked={value !== undefined}
          onChange={({ currentTarget }) =>
            setFit({ [name]: currentTarget.checked ? (starters[name] ?? {}) : undefined })
          }
        />
        <span>{uses[name] ?? titleOf(name)}</span>
      </label>
      {value && (
        <OptionsForm
          id={name}
          options={options}
          value={value}
          onChange={(to) => setFit({ [name]: to })}
          error={error}
        />
      )}
    </Part>
  );
}

const patienceOf = (value: object, options: readonly { name: string; default?: unknown }[]) =>
  (value as { patience?: number }).patience ?? options.find(({ name }) => name === 'patience')?.default;

/** "Early stopping" for earlyStopping. */
const titleOf = (name: string): string =>
  capitalized(name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(' lr ', ' learning rate '));
