import { useEffect, useRef, useState } from 'preact/hooks';
import { counted } from '../../../figures.ts';
import { type Camera, hasPicture, middleOf, useCamera } from '../../ui/camera.ts';
import { CameraView } from '../../ui/camera_view.tsx';
import { Picture } from '../../ui/picture.tsx';
import { take } from './user_files.ts';
import {
  addClass,
  addPicture,
  allPictures,
  deleteClass,
  deletePicture,
  filesOfClasses,
  missing,
  rename,
  scarce,
  side,
  type WebcamClass,
  webcamClasses,
} from './webcam_classes.ts';
import './webcam.css';

/** Records classes of pictures with the webcam while a button is held. */
export function WebcamClasses() {
  const camera = useCamera();
  const all = webcamClasses.value;
  const isMissing = missing.value !== '';
  const instead = (
    <label for="own-folder" class="button">
      Choose a folder instead
    </label>
  );
  return (
    <section id="webcam" aria-label="Classes from the webcam">
      <p>Take pictures of each class with the webcam. They stay in this browser.</p>
      <CameraView id="webcam-view" camera={camera} instead={instead} />
      {(camera.isOn || allPictures.value > 0) && (
        <>
          <ul class="webcam-classes">
            {all.map((one) => (
              <Class key={one.id} one={one} camera={camera} canDelete={all.length > 2} />
            ))}
          </ul>
          <div class="row">
            <button id="add-class" type="button" class="quiet" onClick={addClass}>
              Add a class
            </button>
            <button
              id="use-webcam-pictures"
              type="button"
              class="primary"
              disabled={isMissing}
              onClick={() => take(filesOfClasses())}
            >
              Use {counted(allPictures.value, 'picture')} as data
            </button>
          </div>
          <p id="webcam-missing" class="facts" role="status">
            {missing.value || scarce.value}
          </p>
        </>
      )}
    </section>
  );
}

/** Milliseconds between two pictures while a button is held. */
const every = 120;
/** Maximum number of thumbnails per class, of which the newest are shown. */
const mostShown = 24;

function Class({ one, camera, canDelete }: { one: WebcamClass; camera: Camera; canDelete: boolean }) {
  const { id, name, pictures } = one;
  const hold = useHold(() => {
    const { current } = camera.video;
    if (hasPicture(current)) addPicture(id, middleOf(current, [side, side], true));
  });
  const shown = pictures.slice(-mostShown);
  return (
    <li class="webcam-class">
      <div class="row">
        <input
          aria-label="Name of the class"
          value={name}
          onInput={({ currentTarget }) => rename(id, currentTarget.value)}
        />
        <span class="count">{counted(pictures.length, 'picture')}</span>
        {canDelete && (
          <button type="button" class="quiet" aria-label={`Delete ${name}`} onClick={() => deleteClass(id)}>
            Delete
          </button>
        )}
      </div>
      <button type="button" class={`hold ${hold.isHeld ? 'held' : ''}`} disabled={!camera.isOn} {...hold.handlers}>
        {hold.isHeld ? 'Capturing…' : 'Hold to capture'}
      </button>
      {pictures.length > 0 && (
        <ul class="taken" aria-label={`Pictures of ${name}`}>
          {shown.map(({ number, pixels }) => (
            <li key={number}>
              <button
                type="button"
                title="Delete this picture"
                aria-label={`Delete picture ${pictures.findIndex((it) => it.number === number) + 1} of ${name}`}
                onClick={() => deletePicture(id, number)}
              >
                <Picture pixels={pixels} shape={[side, side, 3]} label="" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

/** Calls `work` at once and then repeatedly while a button is held: with the pointer, the space bar or Enter. */
function useHold(work: () => void) {
  const [isHeld, setHeld] = useState(false);
  const latest = useRef(work);
  latest.current = work;
  useEffect(() => {
    if (!isHeld) return undefined;
    latest.current();
    const timer = setInterval(() => latest.current(), every);
    return () => clearInterval(timer);
  }, [isHeld]);
  const end = () => setHeld(false);
  const isKey = ({ key }: KeyboardEvent) => key === ' ' || key === 'Enter';
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      setHeld(true);
    },
    onPointerUp: end,
    onPointerCancel: end,
    onBlur: end,
    onContextMenu: (event: Event) => event.preventDefault(), // a long touch would open the context menu
    onKeyDown: (event: KeyboardEvent) => {
      if (!isKey(event)) return;
      event.preventDefault();
      if (!event.repeat) setHeld(true);
    },
    onKeyUp: (event: KeyboardEvent) => {
      if (isKey(event)) end();
    },
  };
  return { isHeld, handlers };
}
