import { count } from '../../../figures.ts';
import { aboutModel, modelPresets } from '../../app/presets.ts';
import { change, dataset, experiment, lacksImages, layers } from '../../app/state.ts';
import { Choices } from '../../ui/choices.tsx';
import { FoldingPanel, isWide, Panel } from '../../ui/panel.tsx';
import { Layers } from './layers.tsx';
import './style.css';

/** The network, layer by layer. */
export function ModelPanel() {
  const { model: named } = experiment.value;
  if (!layers.value.summary && !layers.value.error) {
    if (!isWide.value || lacksImages.value || dataset.value.error) return null;
    // The layers depend on the images. Until those are loaded, the settings below must not take this panel's place.
    return <Panel id="model-panel" title="Model" class="pending" children={undefined} />;
  }
  return (
    <FoldingPanel
      id="model-panel"
      title="Model"
      gist={gistOfModel()}
      isWrong={layers.value.error !== undefined}
      opensWide
    >
      <label for="model-preset">Preset</label>
      <select
        id="model-preset"
        autocomplete="off"
        value={typeof named === 'string' ? named : 'own'}
        onChange={({ currentTarget }) => change({ model: currentTarget.value })}
      >
        <Choices of={Object.keys(modelPresets)} />
        {typeof named !== 'string' && <option value="own">custom</option>}
      </select>
      {typeof named === 'string' && <p class="facts">{aboutModel(named)}</p>}
      <Layers />
    </FoldingPanel>
  );
}

function gistOfModel(): string {
  const { model } = experiment.value;
  const { summary, error } = layers.value;
  if (!summary) return error?.what ?? '';
  const parameters = summary.reduce((sum, layer) => sum + layer.parameters, 0);
  return `${typeof model === 'string' ? model : 'custom'}, ${count(parameters)} parameters`;
}
