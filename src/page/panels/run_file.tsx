import { counted } from '../../figures.ts';
import { canAsk, notKept } from '../results.ts';
import { loadRun, saveRun } from '../saved_run.ts';
import { run } from '../state.ts';

/** The run as a file, and back: weights and optimizer, configuration, history. */
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
      <input
        id="load-run"
        class="file"
        type="file"
        accept=".wgrad"
        aria-label="Load a run from a file"
        disabled={shown?.isUnderWay.value}
        onChange={async ({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file) await loadRun(file);
          currentTarget.value = ''; // the same file may be chosen again
        }}
      />
      <label for="load-run" class="button">
        Load run
      </label>
    </div>
  );
}
