import { signal } from '@preact/signals';
import { noGpu } from '../../app/state.ts';
import { run } from '../run/state.ts';
import { filesOfDrop } from './dropped_files.ts';
import { take } from './user_files.ts';
import './drop_target.css';

/** Files are being dragged over the window. */
const isOver = signal(false);

/** During a drag, events arrive continuously; a canceled drag may end without one, so it is considered over after this time. */
const silentMs = 1000;
let silence: ReturnType<typeof setTimeout> | undefined;

function show(isThere: boolean): void {
  clearTimeout(silence);
  isOver.value = isThere;
  if (isThere) silence = setTimeout(() => show(false), silentMs);
}

const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;

/** The whole window accepts a drop: next to a small target, the browser would open the files instead of the page. */
export function installDropTarget(): void {
  for (const type of ['dragenter', 'dragover'] as const) {
    addEventListener(type, (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      show(true);
    });
  }
  addEventListener('dragleave', (event) => {
    // When the pointer leaves the window, there is no element that it enters.
    if (!event.relatedTarget) show(false);
  });
  addEventListener('drop', (event) => {
    show(false);
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    if (!noGpu.peek()) take(filesOfDrop(event.dataTransfer));
  });
}

/** Explains, across the whole window, what a drop does. */
export function DropTarget() {
  if (!isOver.value) return null;
  return (
    <div id="drop-overlay" class="drop-overlay">
      <p>
        <strong>Drop anywhere</strong>
      </p>
      {noGpu.value ? (
        <p>Without WebGPU this page can't use the files.</p>
      ) : (
        <>
          <p>
            A folder of pictures with one subfolder per class, or the files or archive of a published data set, become
            your own data set.
          </p>
          <p>A .wgrad file is opened as a run.</p>
          {run.value?.isUnderWay.value && <p>They will be read when this run has ended.</p>}
        </>
      )}
    </div>
  );
}
