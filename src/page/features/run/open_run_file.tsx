import { run } from './state.ts';

/** A button that opens a saved run. */
export const OpenRunFile = () => (
  <>
    <input
      id="open-run"
      class="file"
      type="file"
      accept=".wgrad"
      aria-label="Open a run from a file"
      disabled={run.value?.isUnderWay.value ?? false}
      onChange={async ({ currentTarget }) => {
        const [file] = currentTarget.files ?? [];
        if (file) await (await import('./saved_run.ts')).loadRun(file);
        currentTarget.value = ''; // allows choosing the same file again
      }}
    />
    <label for="open-run" class="button plain" title="Open a run that was saved">
      Open
    </label>
  </>
);
