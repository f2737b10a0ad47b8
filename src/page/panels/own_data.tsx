import { signal } from '@preact/signals';
import { proxy } from 'comlink';
import type { ErrorParts } from '../../errors.ts';
import { count, counted } from '../../figures.ts';
import type { PlacedFile } from '../../index.ts';
import { lookAgain } from '../control.ts';
import { filesOfDrop, filesOfInput } from '../dropped_files.ts';
import { change, experiment, run, status, trouble } from '../state.ts';
import type { Brought } from '../worker/own_data.ts';
import { training } from '../worker/training.ts';
import { inspected } from './cleaning.tsx';
import './own_data.css';

const reading = signal<{ done: number; total: number } | undefined>();
const brought = signal<Brought | undefined>();
const isOver = signal(false);
const size = signal('');

const own = 'own';

async function bring(found: PlacedFile[] | Promise<PlacedFile[]>): Promise<void> {
  if (reading.peek() || run.peek()?.isUnderWay.peek()) return;
  reading.value = { done: 0, total: 1 };
  trouble.value = undefined;
  try {
    const files = await found;
    if (!files.length) return;
    const told = await training.bring(
      files,
      Number(size.peek()) || undefined,
      proxy((done: number, total: number) => {
        reading.value = { done, total };
      }),
    );
    brought.value = told;
    inspected.value = { name: own, findings: told.findings };
    status.value = `${count(told.images)} images of your own. They stay in this page.`;
    const { dataset, clean } = experiment.peek();
    if (dataset === own && !clean.length) await lookAgain();
    else change({ dataset: own, clean: [] });
  } catch (error) {
    trouble.value = error as ErrorParts;
  } finally {
    reading.value = undefined;
  }
}

/** Pictures, IDX files or CIFAR batches that somebody drops or chooses. They are read in the worker and go nowhere. */
export function OwnData() {
  const isUnderWay = run.value?.isUnderWay.value;
  const now = reading.value;
  return (
    <details class="own" open={experiment.value.dataset === own}>
      <summary>Your own images</summary>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: what is dropped here can be chosen by the buttons in it */}
      <div
        id="drop"
        class={isOver.value ? 'drop over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          isOver.value = true;
        }}
        onDragLeave={() => {
          isOver.value = false;
        }}
        onDrop={async (event) => {
          event.preventDefault();
          isOver.value = false;
          if (event.dataTransfer) await bring(filesOfDrop(event.dataTransfer));
        }}
      >
        <p>
          Drop a folder of pictures with a folder for each class in it, IDX files, or CIFAR-10 batches. Nothing is
          uploaded anywhere.
        </p>
        <div class="row">
          <Choose id="own-folder" text="Choose a folder" folder disabled={isUnderWay} />
          <Choose id="own-files" text="Choose files" disabled={isUnderWay} />
        </div>
        <label for="own-size">Size of pictures</label>
        <select
          id="own-size"
          autocomplete="off"
          value={size.value}
          onChange={({ currentTarget }) => {
            size.value = currentTarget.value;
          }}
        >
          <option value="">that of most pictures up to 64 × 64, else 32 × 32</option>
          {['16', '28', '32', '48', '64', '96'].map((side) => (
            <option key={side} value={side}>{`${side} × ${side}`}</option>
          ))}
        </select>
      </div>
      {now && (
        <>
          <progress value={now.done} max={now.total} aria-label="Reading the files" />
          <p class="facts">{`${count(now.done)} of ${counted(now.total, 'file')}`}</p>
        </>
      )}
      {brought.value && experiment.value.dataset === own && <Report {...brought.value} />}
    </details>
  );
}

function Choose({ id, text, folder, disabled }: { id: string; text: string; folder?: boolean; disabled?: boolean }) {
  return (
    <>
      <input
        id={id}
        class="file"
        type="file"
        multiple
        disabled={disabled}
        {...(folder && { webkitdirectory: true })}
        onChange={async ({ currentTarget }) => {
          const files = currentTarget.files ? filesOfInput(currentTarget.files) : [];
          await bring(files);
          currentTarget.value = '';
        }}
      />
      <label for={id} class="button">
        {text}
      </label>
    </>
  );
}

/** What each split was read from, and which files are not in the data set. */
function Report({ report, ignored, ignoredCount }: Brought) {
  return (
    <>
      <ul id="reading-report" class="facts reading">
        {report.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {ignoredCount > 0 && (
        <div id="ignored" class="cut reading">
          <p>{`${counted(ignoredCount, 'file')} ignored:`}</p>
          <ul>
            {ignored.map(({ path, reason }) => (
              <li key={reason}>{`${path}: ${reason}`}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
