import type { MetricConfig } from '../../../index.ts';
import { isCategorical, lossOf } from '../../app/experiment.ts';
import { known } from '../../app/model_facts.ts';
import { change, experiment, settingErrors, settled } from '../../app/state.ts';
import { Choices } from '../../ui/choices.tsx';
import { OptionsForm, SettingError } from '../../ui/options_form.tsx';
import { Part } from './setting_part.tsx';

type Metric = Exclude<MetricConfig, string>;

/** The validation metrics in addition to loss and accuracy: a list, because two may differ in an option only. */
export function Metrics() {
  const { metrics = [] } = experiment.value;
  const error = settingErrors.value.metrics;
  const all = metrics.map((metric) => (typeof metric === 'string' ? ({ type: metric } as Metric) : metric));
  const set = (to: readonly Metric[]) => change({ metrics: to.length ? to.map(plain) : undefined });
  const addable = known.value.metrics.filter(({ type }) => type !== 'accuracy');
  const isFor = isCategorical(settled.value);
  if (!isFor && !all.length) return null;
  return (
    <Part
      id="metrics-form"
      title="Metrics"
      gist={all.length ? all.map(({ type, name }) => name ?? type).join(', ') : 'loss and accuracy'}
      isWrong={error !== undefined}
    >
      {all.length > 0 && (
        <ul class="metrics">
          {all.map((metric, at) => (
            <li key={`${at} ${metric.type}`}>
              <div class="metric-head">
                <strong>{metric.type}</strong>
                <button
                  type="button"
                  class="quiet"
                  aria-label={`Remove ${metric.name ?? metric.type}`}
                  onClick={() => set(all.toSpliced(at, 1))}
                >
                  Remove
                </button>
              </div>
              <OptionsForm
                id={`metric-${at}`}
                options={optionsOf(metric, all)}
                value={metric}
                onChange={(to) => set(all.with(at, to as Metric))}
              />
            </li>
          ))}
        </ul>
      )}
      {error && <SettingError {...error} />}
      {isFor ? (
        <div class="row">
          <select
            id="add-metric"
            aria-label="Add a metric"
            value=""
            onChange={({ currentTarget }) => {
              const type = currentTarget.value as Metric['type'];
              currentTarget.value = '';
              if (type) set([...all, { type, ...nameFor(type, all) } as Metric]);
            }}
          >
            <option value="">Add a metric…</option>
            <Choices of={addable.map(({ type }) => type)} />
          </select>
        </div>
      ) : (
        <button type="button" onClick={() => set([])}>
          {`Remove them: ${lossOf(settled.value).type} has no classes`}
        </button>
      )}
    </Part>
  );
}

/** The name is editable only if there are two metrics of the same type, which need different names. */
const optionsOf = (metric: Metric, all: readonly Metric[]) =>
  (known.value.metrics.find(({ type }) => type === metric.type)?.options ?? []).filter(
    ({ name }) =>
      name !== 'name' || metric.name !== undefined || all.filter(({ type }) => type === metric.type).length > 1,
  );

/** A second metric of the same type gets a name. */
function nameFor(type: string, all: readonly Metric[]): { name?: string } {
  const taken = all.map((metric) => metric.name ?? metric.type);
  if (!taken.includes(type as Metric['type'])) return {};
  let number = 2;
  while (taken.includes(`${type}${number}`)) number++;
  return { name: `${type}${number}` };
}

/** Only the type if there are no options. */
const plain = (metric: Metric): MetricConfig => (Object.keys(metric).length > 1 ? metric : metric.type);
