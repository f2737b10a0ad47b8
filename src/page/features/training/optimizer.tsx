import { signal } from '@preact/signals';
import type { OptimizerConfig, LearningRate as Rate } from '../../../index.ts';
import { scheduleLengthWarning } from '../../../model/schedule_length.ts';
import { type ScheduleType, scheduleDefinition } from '../../../model/schedules/index.ts';
import { stepSamples } from '../../../plan/settings.ts';
import { lossScales } from '../../app/experiment_url.ts';
import { filledRate, learningRateOf, rateWords } from '../../app/learning_rate.ts';
import { known } from '../../app/model_facts.ts';
import { change, experiment, plan, settingErrors } from '../../app/state.ts';
import { Choices } from '../../ui/choices.tsx';
import { Refused } from '../../ui/error_facts.tsx';
import { onDemand } from '../../ui/lazy.tsx';
import { VariantField } from '../../ui/option_field.tsx';
import { OptionsForm } from '../../ui/options_form.tsx';
import { FoldingPanel } from '../../ui/panel.tsx';
import { NumberOption, TypedNumber } from '../../ui/typed_number.tsx';
import { withOption } from '../../ui/with_option.ts';
import { RateSlider } from '../run/rate_slider.tsx';
import { run } from '../run/state.ts';
import './optimizer.css';

const RateFinder = onDemand(async () => (await import('./rate_finder.tsx')).RateFinder);
const isFinding = signal(false);

type Optimizer = Exclude<OptimizerConfig, string>;

const automatic = 'automatic';

interface SelectProps {
  name: string;
  id: string;
  value: string;
  of: readonly string[];
  onChange: (to: string) => void;
}

const Select = ({ name, id, value, of, onChange }: SelectProps) => (
  <div class="option">
    <label for={id}>{name}</label>
    <select id={id} autocomplete="off" value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
      <Choices of={of} />
    </select>
  </div>
);

/** The optimizer's options, and the length of training. */
export function OptimizerPanel() {
  const { optimizer, batchSize, accumulationSteps, memoryBudget, activationStorage, seed, epochs } = experiment.value;
  const { lossScale } = experiment.value;
  const options = known.value.optimizers.find(({ type }) => type === optimizer.type)?.options ?? [];
  const setRate = (to: unknown) => change({ optimizer: withOption(optimizer, 'learningRate', to) });
  const learningRate = options.find(({ name }) => name === 'learningRate');
  const rate = learningRateOf(optimizer);
  const { optimizer: error } = settingErrors.value;
  const isOfRate = error?.place?.[0] === 'learningRate' || filledRate(rate).error !== undefined;
  return (
    <FoldingPanel
      id="optimizer-panel"
      title="Optimizer"
      isWrong={error !== undefined}
      gist={`${optimizer.type}, rate ${rateWords(rate)}, batch size ${batchSize}${activationStorage ? `, ${activationStorage}` : ''}`}
    >
      <div class="options">
        <Select
          name="Optimizer"
          id="optimizer"
          value={optimizer.type}
          of={known.value.optimizers.map(({ type }) => type)}
          onChange={(type) => change({ optimizer: { type } as Optimizer })}
        />
        {learningRate && (
          <VariantField
            option={{ ...learningRate, name: 'Learning rate' }}
            id="learning-rate"
            value={optimizer.learningRate}
            onChange={setRate}
            starter={(type) => scheduleDefinition(type as ScheduleType).starter(plannedSteps(), startRate(rate))}
          />
        )}
        {learningRate && typeof rate === 'number' && <LearningRate rate={rate} onChange={setRate} />}
        <ScheduleWords rate={rate} />
        <NumberOption
          name="Batch size"
          id="batch-size"
          value={batchSize}
          least={1}
          most={65536}
          onChange={(to) => change({ batchSize: to! })}
        />
        <NumberOption
          name="Batches per step"
          id="accumulation-steps"
          value={accumulationSteps}
          least={1}
          most={65536}
          onChange={(to) => change({ accumulationSteps: to! })}
        />
        <NumberOption
          name="GPU memory, MiB"
          id="memory-budget"
          value={memoryBudget}
          placeholder="automatic"
          least={1}
          most={2 ** 20}
          onChange={(to) => change({ memoryBudget: to })}
        />
        <Select
          name="Activations"
          id="activation-storage"
          value={activationStorage ?? 'float32'}
          of={['float32', 'float16']}
          onChange={(to) => change({ activationStorage: to === 'float16' ? to : undefined, lossScale: undefined })}
        />
        {activationStorage && (
          <Select
            name="Loss scale"
            id="loss-scale"
            value={String(lossScale ?? automatic)}
            of={[automatic, 'dynamic', ...lossScales]}
            onChange={(to) => change({ lossScale: to === automatic ? undefined : to === 'dynamic' ? to : Number(to) })}
          />
        )}
        <NumberOption
          name="Epochs"
          id="epochs-count"
          value={epochs}
          placeholder={plan.value && String(plan.value.epochs)}
          least={1}
          most={1e6}
          onChange={(to) => change({ epochs: to })}
        />
        <NumberOption
          name="Seed"
          id="seed"
          value={seed}
          least={0}
          most={2 ** 32 - 1}
          onChange={(to) => change({ seed: to! })}
        />
      </div>
      <details
        id="rate-finder"
        open={isFinding.value}
        onToggle={({ currentTarget }) => (isFinding.value = currentTarget.open)}
      >
        <summary>Find a learning rate</summary>
        {isFinding.value && <RateFinder />}
      </details>
      <details open={error !== undefined && !isOfRate}>
        <summary>{optimizer.type}'s other options, clipping, weight decay, moving average</summary>
        <OptionsForm
          id="optimizer"
          options={options.filter(({ name }) => name !== 'learningRate')}
          value={optimizer}
          onChange={(to) => change({ optimizer: to as Optimizer })}
          error={isOfRate ? undefined : error}
        />
      </details>
    </FoldingPanel>
  );
}

/** Number of updates in the planned run. */
function plannedSteps(): number {
  const { epochs, trainSamples } = plan.peek() ?? { epochs: 1, trainSamples: 1000 };
  return epochs * Math.ceil(trainSamples / stepSamples(experiment.peek()));
}

/** The highest rate of the current schedule, which a new schedule starts from. */
function startRate(rate: Rate): number {
  if (typeof rate === 'number') return rate;
  const rates = Object.entries(rate).filter(([name, value]) => /LearningRate$/.test(name) && typeof value === 'number');
  return Math.max(0.001, ...rates.map(([, value]) => value as number));
}

/** The error of a schedule, or that it is longer or shorter than the run. */
function ScheduleWords({ rate }: { rate: Rate }) {
  if (typeof rate === 'number') return null;
  const { error, filled } = filledRate(rate);
  if (error) {
    return <Refused {...error} />;
  }
  const warning = plan.value && scheduleLengthWarning(filled!, plannedSteps());
  return warning ? (
    <p id="schedule-warning" class="facts" role="status">
      {warning}.
    </p>
  ) : null;
}

function LearningRate({ rate, onChange }: { rate: number; onChange: (rate: number) => void }) {
  return (
    <div class="option">
      <label for="learning-rate">Learning rate{run.value?.isUnderWay.value ? ', at once' : ''}</label>
      <div class="slider">
        <RateSlider id="learning-rate" rate={rate} onChange={onChange} />
        <TypedNumber
          id="learning-rate-number"
          aria-label="Learning rate, as a number"
          step="any"
          least={0}
          value={rate}
          onChange={(to) => onChange(to!)}
        />
      </div>
    </div>
  );
}
