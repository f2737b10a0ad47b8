import { signal } from '@preact/signals';
import { proxy } from 'comlink';
import type { ErrorParts } from '../../errors.ts';
import { count } from '../../figures.ts';
import type { Finding, PlacedFile } from '../../index.ts';
import { lookAgain } from '../control.ts';
import { filesOfDrop, filesOfInput } from '../dropped_files.ts';
import { change, experiment, run, status, trouble } from '../state.ts';
import type { Brought } from '../worker/own_data.ts';
import { training } from '../worker/training.ts';
import './own_data.css';

const reading = signal<{ done: number; total: number } | undefined>();
const brought = signal<Brought | undefined>();
const isOver = signal(false);
const size = signal('');
const leftOut = signal<readonly Finding[]>([]);

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
    leftOut.value = [];
    status.value = `${count(told.images)} images of your own. They stay in this page.`;
    if (experiment.peek().dataset === own) await lookAgain();
    else change({ dataset: own });
  } catch (error) {
    trouble.value = error as ErrorParts;
  } finally {
    reading.value = undefined;
  }
}

async function leaveOut(finding: Finding, out: boolean): Promise<void> {
  const before = leftOut.peek();
  leftOut.value = out ? [...before, finding] : before.filter((other) => other !== finding);
  try {
    await training.cleanOwn(leftOut.peek());
    await lookAgain();
  } catch (error) {
    leftOut.value = before;
    trouble.value = error as ErrorParts;
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
          Drop a folder of pictures with a folder for each class in it, IDX files, or CIFAR batches. Nothing is uploaded
          anywhere.
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
          <option value="">their own up to 64, else 32 × 32</option>
          {['16', '28', '32', '48', '64', '96'].map((side) => (
            <option key={side} value={side}>{`${side} × ${side}`}</option>
          ))}
        </select>
      </div>
      {now && (
        <>
          <progress value={now.done} max={now.total} aria-label="Reading the files" />
          <p class="facts">{`${count(now.done)} of ${count(now.total)} files`}</p>
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

const meanings: Record<Finding, string> = {
  labels: 'a label that names no class',
  constant: 'all of one colour',
  conflicts: 'there again with another label',
  leaks: 'validation images that are training images too',
  duplicates: 'there already with the same label',
};

/** What was found in the images, and what could not be read. */
function Report({ findings: { counts, emptyClasses }, skipped, skippedCount }: Brought) {
  const found = counts.filter(({ train, test }) => train + test > 0);
  return (
    <section id="cleaning" aria-labelledby="cleaning-title">
      <h3 id="cleaning-title">What was found in them</h3>
      {found.length === 0 && <p class="facts">No duplicates, conflicts, leaks or blank images.</p>}
      <ul class="findings">
        {found.map(({ finding, train, test }) => (
          <li key={finding}>
            <input
              id={`leave-${finding}`}
              type="checkbox"
              checked={finding === 'labels' || leftOut.value.includes(finding)}
              disabled={finding === 'labels' || run.value?.isUnderWay.value}
              onChange={({ currentTarget }) => leaveOut(finding, currentTarget.checked)}
            />
            <label for={`leave-${finding}`}>
              {`leave out ${train + test === 1 ? '1 image' : `${count(train + test)} images`}: ${meanings[finding]}`}
              {finding !== 'leaks' && ` (${count(train)} training, ${count(test)} validation)`}
            </label>
          </li>
        ))}
      </ul>
      {emptyClasses.length > 0 && <p class="cut">No training image: {emptyClasses.join(', ')}.</p>}
      {skippedCount > 0 && (
        <div class="cut">
          <p>{skippedCount === 1 ? '1 file could not be read:' : `${count(skippedCount)} files could not be read:`}</p>
          <ul>
            {skipped.map(({ path, why }) => (
              <li key={path}>{`${path}: ${why}`}</li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
