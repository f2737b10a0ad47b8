import { counted } from '../../../figures.ts';
import type { ModelFormat } from '../../../formats/export_model.ts';
import { OpenRunFile } from '../run/open_run_file.tsx';
import { canAsk, notKept } from '../run/questions.ts';
import { exportModel, saveRun } from '../run/saved_run.ts';
import { run } from '../run/state.ts';

const formatTitles: Record<ModelFormat, string> = {
  onnx: 'ONNX',
  tfjs: 'TensorFlow.js',
  safetensors: 'safetensors',
  npz: 'NumPy',
  keras: 'Keras code',
  pytorch: 'PyTorch code',
};

/** Saves the run as a file and opens one: weights and optimizer, configuration, history. */
export function RunFile() {
  const shown = run.value;
  shown?.events.value;
  return (
    <div class="run-file">
      <button
        id="save-run"
        type="button"
        disabled={!canAsk()}
        title={
          notKept() ?? (shown && `Weights, configuration and ${counted(shown.log.steps.length, 'step')} in one file`)
        }
        onClick={saveRun}
      >
        Save run
      </button>
      <OpenRunFile id="load-run" text="Load run" label="Load a run from a file" />
      <select
        id="export-model"
        aria-label="Export the model"
        title="The model and its weights for other programs"
        disabled={!canAsk()}
        value=""
        onChange={({ currentTarget }) => {
          if (currentTarget.value) exportModel(currentTarget.value as ModelFormat);
          currentTarget.value = '';
        }}
      >
        <option value="">Export as…</option>
        {Object.entries(formatTitles).map(([format, title]) => (
          <option key={format} value={format}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}
