import { run } from './state.ts';

interface OpenRunFileProps {
  id: string;
  /** Text of the button. */
  text: string;
  /** Accessible name for screen readers. */
  label: string;
  kind?: string;
  title?: string;
}

/** A button that opens a saved run. */
export const OpenRunFile = ({ id, text, label, kind = 'button', title }: OpenRunFileProps) => (
  <>
    <input
      id={id}
      class="file"
      type="file"
      accept=".wgrad"
      aria-label={label}
      disabled={run.value?.isUnderWay.value ?? false}
      onChange={async ({ currentTarget }) => {
        const [file] = currentTarget.files ?? [];
        if (file) await (await import('./saved_run.ts')).loadRun(file);
        currentTarget.value = ''; // allows choosing the same file again
      }}
    />
    <label for={id} class={kind} title={title}>
      {text}
    </label>
  </>
);
