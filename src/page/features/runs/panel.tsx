import { counted } from '../../../figures.ts';
import { OpenRunFile } from '../run/open_run_file.tsx';
import { canAsk, notKept } from '../run/questions.ts';
import { saveRun } from '../run/saved_run.ts';
import { run } from '../run/state.ts';

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
    </div>
  );
}
