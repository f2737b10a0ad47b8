import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { askAboutFile, TryCamera } from './camera.tsx';

/** Why a picture was not accepted; empty if it was. */
const refusedPicture = signal('');

async function takePicture(file: File | undefined): Promise<void> {
  refusedPicture.value = '';
  if (!file) return;
  try {
    await askAboutFile(file);
  } catch {
    refusedPicture.value = `${file.name} can't be read as a picture: choose a PNG, JPEG, WebP or GIF file.`;
  }
}

const filesOf = (transfer: DataTransfer | null) => [...(transfer?.files ?? [])];
const isPicture = ({ type }: File) => type.startsWith('image/');

/** A picture is being dragged over the panel. */
const isOver = signal(false);

function over(event: DragEvent): void {
  if (!event.dataTransfer?.types.includes('Files')) return;
  // Outside the panel, the window accepts files as a data set.
  event.preventDefault();
  event.stopPropagation();
  isOver.value = true;
}

/** A picture dropped on the panel is classified. */
export const pictureDrop = {
  onDragEnter: over,
  onDragOver: over,
  onDragLeave: (event: DragEvent) => {
    const to = event.relatedTarget as Node | null;
    if (!(event.currentTarget as Node).contains(to)) isOver.value = false;
  },
  onDrop: (event: DragEvent) => {
    isOver.value = false;
    const [file, ...others] = filesOf(event.dataTransfer);
    // Several files, a folder or a saved run are left to the window's drop handler.
    if (!file || others.length > 0 || !isPicture(file)) return;
    event.preventDefault();
    event.stopPropagation();
    takePicture(file);
  },
};

/** Classifies a picture from a file or the clipboard, or the webcam's. */
export function OwnPicture() {
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const file = filesOf(event.clipboardData).find(isPicture);
      if (!file) return;
      event.preventDefault();
      takePicture(file);
      document.getElementById('try')?.scrollIntoView({ block: 'nearest' });
    };
    document.addEventListener('paste', paste);
    return () => document.removeEventListener('paste', paste);
  }, []);
  return (
    <div class={`own-picture${isOver.value ? ' is-over' : ''}`}>
      <input
        id="try-file"
        class="file"
        type="file"
        accept="image/*"
        onChange={async ({ currentTarget }) => {
          await takePicture(currentTarget.files?.[0]);
          currentTarget.value = '';
        }}
      />
      <label for="try-file" class="button">
        Choose a picture
      </label>
      <p class="facts">{isOver.value ? 'Drop it to classify it.' : 'Or paste one, or drop it here.'}</p>
      {refusedPicture.value && (
        <p class="refused" role="alert">
          {refusedPicture.value}
        </p>
      )}
      <TryCamera />
    </div>
  );
}
