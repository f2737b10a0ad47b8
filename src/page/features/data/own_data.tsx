import { signal } from '@preact/signals';
import { clock, count, counted } from '../../../figures.ts';
import { change, experiment } from '../../app/state.ts';
import type { ReadFiles } from '../../app/worker/own_data.ts';
import { training } from '../../app/worker_client.ts';
import { onDemand } from '../../ui/lazy.tsx';
import { run } from '../run/state.ts';
import { filesOfInput } from './dropped_files.ts';
import { lastRead, reading } from './reading.ts';
import { forgetWaiting, take, waitingFiles } from './user_files.ts';
import './own_data.css';

const own = 'own';

/** Whether the user is recording classes with the webcam. */
const isCapturing = signal(false);
const WebcamClasses = onDemand(async () => (await import('./webcam.tsx')).WebcamClasses);

/** Pictures, IDX files or CIFAR batches that the user drops or chooses. They are read in the worker and are not uploaded. */
export function OwnData() {
  const now = reading.value;
  const waiting = waitingFiles.value;
  const isUnderWay = run.value?.isUnderWay.value;
  return (
    <details class="own" open={experiment.value.dataset === own}>
      <summary>Your own images</summary>
      <div id="drop" class="drop">
        <p>
          Drop a folder of pictures with one subfolder per class, or the files of a published data set (IDX, NumPy, CSV,
          Parquet, CIFAR or MATLAB files, zip or tar), anywhere on this page. Nothing is uploaded.
        </p>
        <p class="facts">
          A CSV file next to the pictures can give their classes or numbers: one column of file names, and one called
          label or one for each number.
        </p>
        <div class="row">
          <Choose id="own-folder" text="Choose a folder" folder />
          <Choose id="own-files" text="Choose files" />
          <button
            id="open-webcam"
            type="button"
            aria-expanded={isCapturing.value}
            onClick={() => (isCapturing.value = !isCapturing.peek())}
          >
            Webcam
          </button>
        </div>
        {isCapturing.value && <WebcamClasses />}
        <ReadingOptions />
      </div>
      {now && (
        <>
          <progress value={now.done} max={now.total} aria-label="Reading the files" />
          <p id="reading" class="facts">
            {`${count(now.done)} of ${counted(now.total, 'file')}, ${now.secondsLeft === undefined ? 'estimating the time' : `${clock(now.secondsLeft)} left`} `}
            <button id="stop-reading" type="button" class="quiet" onClick={() => training.stopReading()}>
              Stop reading
            </button>
          </p>
        </>
      )}
      {waiting && (
        <p id="waiting-files" class="cut">
          {`${counted(waiting.length, 'file')} will be read when ${isUnderWay ? 'this run has ended' : 'the files before them have been read'}. `}
          <button type="button" class="quiet" onClick={forgetWaiting}>
            Don't read {waiting.length === 1 ? 'it' : 'them'}
          </button>
        </p>
      )}
      {lastRead.value && experiment.value.dataset === own && <Report {...lastRead.value} />}
    </details>
  );
}

const sides = [16, 28, 32, 48, 64, 96];

/** How files are read; the files that were read last are read again after a change. */
function ReadingOptions() {
  const { imageSize, labels, stretch } = experiment.value;
  const offered = imageSize === undefined || sides.includes(imageSize) ? sides : [...sides, imageSize];
  return (
    <>
      <label for="own-size">Size of pictures</label>
      <select
        id="own-size"
        title="That of most pictures if it is at most 64 × 64, otherwise 32 × 32"
        autocomplete="off"
        value={imageSize ?? ''}
        onChange={({ currentTarget: { value } }) => change({ imageSize: value === '' ? undefined : Number(value) })}
      >
        <option value="">most pictures' size, or 32 × 32</option>
        {offered.map((side) => (
          <option key={side} value={side}>{`${side} × ${side}`}</option>
        ))}
      </select>
      <label for="own-labels">Labels, if there are several kinds</label>
      <input
        id="own-labels"
        type="text"
        autocomplete="off"
        maxLength={200}
        placeholder="name of a column"
        title="fine, coarse, or the name of a column or array"
        value={labels ?? ''}
        onChange={({ currentTarget: { value } }) => change({ labels: value.trim() || undefined })}
      />
      <label class="tick" for="own-stretch">
        <input
          id="own-stretch"
          type="checkbox"
          checked={stretch ?? false}
          onChange={({ currentTarget: { checked } }) => change({ stretch: checked || undefined })}
        />
        Stretch values that use a part of their range (arrays and 16-bit PNGs)
      </label>
    </>
  );
}

function Choose({ id, text, folder }: { id: string; text: string; folder?: boolean }) {
  return (
    <>
      <input
        id={id}
        class="file"
        type="file"
        multiple
        {...(folder && { webkitdirectory: true })}
        onChange={async ({ currentTarget }) => {
          const files = currentTarget.files ? filesOfInput(currentTarget.files) : [];
          await take(files);
          currentTarget.value = '';
        }}
      />
      <label for={id} class="button">
        {text}
      </label>
    </>
  );
}

/** The source of each split, and the files that are not in the data set. */
function Report({ report, ignored, ignoredCount }: ReadFiles) {
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
