import { run } from './state.ts';

interface OpenRunFileProps {
  id: string;
  /** On the button. */
  text: string;
  /** For screen readers. */
  label: string;
  kind?: string;
  title?: string;
}

/** A button that shows a run from a file. */
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
        currentTarget.value = ''; // the same file may be chosen again
      }}
    />
    <label for={id} class={kind} title={title}>
      {text}
    </label>
  </>
);
