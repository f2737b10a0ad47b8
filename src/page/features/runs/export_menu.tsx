import type { ModelFormat } from '../../../formats/export_model.ts';
import { say } from '../../app/state.ts';
import { plotsImage } from '../../plots/plots_image.ts';
import { download } from '../../ui/download.ts';
import { canAsk } from '../run/questions.ts';
import { exportModel } from '../run/saved_run.ts';
import { run } from '../run/state.ts';
import { csvOf } from './csv.ts';

const formatTitles: Record<ModelFormat, string> = {
  onnx: 'ONNX',
  tfjs: 'TensorFlow.js',
  safetensors: 'safetensors',
  npz: 'NumPy',
  keras: 'Keras code',
  pytorch: 'PyTorch code',
};

/** Saves the model for other programs, and the figures and charts of the run for reports. */
export function ExportMenu() {
  const shown = run.value;
  shown?.events.value;
  const hasSteps = (shown?.log.steps.length ?? 0) > 0;
  return (
    <select
      id="export"
      class="plain"
      aria-label="Export the model, figures or charts"
      title={hasSteps ? 'For other programs, spreadsheets and slides' : 'Train first'}
      disabled={!hasSteps}
      value=""
      onChange={({ currentTarget }) => {
        exportAs(currentTarget.value);
        currentTarget.value = '';
      }}
    >
      <option value="" hidden>
        Export
      </option>
      <optgroup label="Model and weights" disabled={!canAsk()}>
        {Object.entries(formatTitles).map(([format, title]) => (
          <option key={format} value={format}>
            {title}
          </option>
        ))}
      </optgroup>
      <optgroup label="Run">
        <option value="csv">Figures of each step (CSV)</option>
        <option value="png">Charts (PNG)</option>
      </optgroup>
    </select>
  );
}

async function exportAs(format: string): Promise<void> {
  const shown = run.peek();
  if (!shown) return;
  const name = shown.experiment.dataset;
  if (format === 'csv') {
    // Each of two twins has a separate file.
    const twins = shown.twinB ? { '-a': shown, '-b': shown.twinB } : { '': shown };
    for (const [suffix, { history }] of Object.entries(twins)) {
      download(new Blob([csvOf(history)], { type: 'text/csv' }), `${name}-steps${suffix}.csv`);
    }
  } else if (format === 'png') {
    const image = await plotsImage(document);
    if (image) download(image, `${name}-charts.png`);
    else say('No chart is drawn yet.');
  } else if (format) {
    await exportModel(format as ModelFormat);
  }
}
