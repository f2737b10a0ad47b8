import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { count, counted } from '../../../figures.ts';
import type { SettledExperiment } from '../../app/experiment.ts';
import { augmentationPresets } from '../../app/presets.ts';
import { augmentation, change, checked, dataset, lacksImages, settled } from '../../app/state.ts';
import { Choices } from '../../ui/choices.tsx';
import { FoldingPanel } from '../../ui/panel.tsx';
import { Picture } from '../../ui/picture.tsx';
import { AugmentationError } from './augmentation_error.tsx';
import { followSight, isLate, moves, preview, previewError, shuffle } from './model.ts';
import { parameterWords } from './parameter_words.ts';
import { Pipeline } from './pipeline.tsx';
import type { Preview } from './worker.ts';
import './style.css';

/** The sample whose details are shown. */
const chosen = signal<{ row: number; column: number } | undefined>();

/** Augmentation: training images with augmented samples of each, and the pipeline that makes them. */
export function AugmentationPanel() {
  const { augmentation: named } = settled.value;
  const { error } = checked.value ?? {};
  const shown = preview.value;
  useEffect(() => followSight(document.getElementById('augmentation')!), []);
  return (
    <FoldingPanel
      id="augmentation"
      title="Augmentation"
      gist={error?.what ?? nameOf(named)}
      glimpse={preview.value && !error && <FirstSamples {...preview.value} />}
      isWrong={error !== undefined}
    >
      <Draws />
      <div class="row">
        <button type="button" id="shuffle" onClick={shuffle}>
          Shuffle
        </button>
        <label class="tick" for="moves">
          <input
            id="moves"
            type="checkbox"
            checked={moves.value}
            onChange={({ currentTarget }) => (moves.value = currentTarget.checked)}
          />
          Keep shuffling
        </label>
        {isLate.value && <span class="facts">Augmenting…</span>}
      </div>
      {shown && aboutPreview(shown).map((text) => <Note key={text} text={text} />)}
      {error && !error.place && <AugmentationError {...error} />}
      {previewError.value && <AugmentationError {...previewError.value} />}
      <label for="augmentation-preset">Preset</label>
      <select
        id="augmentation-preset"
        autocomplete="off"
        value={typeof named === 'string' ? named : 'own'}
        onChange={({ currentTarget }) => change({ augmentation: currentTarget.value })}
      >
        <Choices of={Object.keys(augmentationPresets)} />
        {typeof named !== 'string' && <option value="own">custom</option>}
      </select>
      {typeof named === 'string' && aboutPresets[named] && <p class="facts">{aboutPresets[named]}</p>}
      <Pipeline />
      <Copies />
    </FoldingPanel>
  );
}

/** Details that a preset's name does not convey. */
const aboutPresets: Record<string, string> = {
  tutorial: 'As in the Keras tutorial on MNIST, with its horizontal flip.',
  handwriting: "The tutorial's shifts, rotations, shears and zooms without its flip.",
};

/** The name of a preset, or the ops of a list. */
function nameOf(augmentation: SettledExperiment['augmentation']): string {
  if (typeof augmentation === 'string') return augmentation;
  if (!Array.isArray(augmentation)) return 'custom';
  return augmentation.map(({ type }) => type).join(', ') || 'no op';
}

/** The first image with augmented samples of it. */
function FirstSamples({ originals, imageShape, labels, augmented }: Preview) {
  const first = (images: ArrayLike<number>) => Array.prototype.slice.call(images, 0, images.length / labels.length);
  return (
    <span class="first-samples">
      <Picture pixels={first(originals)} shape={imageShape} label="" />
      {augmented.map(({ shape, images }, i) => (
        <Picture key={i} pixels={first(images)} shape={shape} label="" />
      ))}
    </span>
  );
}

const Note = ({ text }: { text: string }) => <p class="facts">{text}</p>;

/** Notes on how the preview differs from the images that are trained on. */
function aboutPreview({ stretched, fitted, unwhitened }: Preview): string[] {
  const notes: string[] = [];
  if (stretched) {
    notes.push(
      'The input of the network has no gray levels, so each sample is stretched from its minimum to its maximum.',
    );
  }
  if (fitted) {
    const { to, of } = fitted;
    notes.push(
      to < of
        ? `The statistics here are from the first ${counted(to, 'training image')}; training uses all ${count(of)}.`
        : `The statistics are from the ${counted(of, 'training image')}.`,
    );
  }
  if (unwhitened) {
    notes.push(
      `Not whitened here, because computing the matrix for ${count(unwhitened)} features takes minutes. ` +
        'Training does that before its first step.',
    );
  }
  return notes;
}

function Copies() {
  const json = JSON.stringify(augmentation.value);
  return (
    <div class="row">
      <Copy id="copy-json" name="Copy as JSON" text={json} />
      <Copy id="copy-flag" name="Copy as the command's flag" text={`--augment '${json.replaceAll("'", "'\\''")}'`} />
    </div>
  );
}

const copied = signal('');

function Copy({ id, name, text }: { id: string; name: string; text: string }) {
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    copied.value = text;
  };
  return (
    <button type="button" id={id} class="quiet" data-text={text} onClick={copy}>
      {copied.value === text ? 'Copied' : name}
    </button>
  );
}

function Draws() {
  const table = useRef<HTMLTableElement>(null);
  const shown = preview.value;
  const isWrong = checked.value?.error !== undefined;
  if (!shown) {
    const why = isWrong
      ? 'No samples: this augmentation is invalid.'
      : lacksImages.value
        ? 'No images yet.'
        : dataset.value.error && 'No images: the data set could not be loaded.';
    return why ? <p class="facts">{why}</p> : <div class="samples empty" />;
  }
  const { originals, imageShape, labels, augmented } = shown;
  const [height, width, channels] = imageShape;
  const elements = height * width * channels;
  const look = chosen.value;
  /** The grid is a single tab stop: the arrow keys move from sample to sample. */
  const walk = (event: KeyboardEvent, row: number, column: number) => {
    const [down, right] =
      { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [];
    if (down === undefined) return;
    event.preventDefault();
    const to = table.current?.querySelector<HTMLElement>(`[data-place="${row + down} ${column + right!}"]`);
    to?.focus();
  };
  return (
    <>
      <table ref={table} class={isWrong ? 'samples stale' : 'samples'} onMouseLeave={() => (chosen.value = undefined)}>
        <caption>
          {isWrong
            ? 'Samples of the last valid augmentation: the one below is invalid'
            : 'Original (left) and augmented samples'}
        </caption>
        <tbody>
          {labels.map((label, row) => (
            <tr key={row}>
              <th scope="row">
                <Picture
                  pixels={originals.subarray(row * elements, (row + 1) * elements)}
                  shape={imageShape}
                  label={`${label}, original`}
                />
                {look?.row === row && <Frame preview={shown} {...look} />}
              </th>
              {augmented.map(({ shape, images }, column) => {
                const each = images.length / labels.length;
                const isStop = look ? look.row === row && look.column === column : row + column === 0;
                return (
                  <td key={column}>
                    <button
                      type="button"
                      data-place={`${row} ${column}`}
                      tabIndex={isStop ? 0 : -1}
                      aria-label={`${label}, sample ${column + 1}`}
                      aria-describedby="sample-facts"
                      onFocus={() => (chosen.value = { row, column })}
                      onMouseEnter={() => (chosen.value = { row, column })}
                      onKeyDown={(event) => walk(event, row, column)}
                    >
                      <Picture pixels={images.subarray(row * each, (row + 1) * each)} shape={shape} label="" />
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p id="sample-facts" class="facts">
        {look
          ? parameterWords(augmented[look.column]!.parameters[look.row]!)
          : 'Hover over a picture to see its random parameters.'}
      </p>
    </>
  );
}

/** The outline of the augmented sample on the original: its corners, mapped by the sampling matrix. */
function Frame({ preview, row, column }: { preview: Preview; row: number; column: number }) {
  const { shape, parameters } = preview.augmented[column]!;
  const matrix = (parameters[row] as { matrix?: number[][] }).matrix;
  if (!matrix) return null;
  const [height, width] = preview.imageShape;
  const [right, bottom] = [shape[1] - 0.5, shape[0] - 0.5];
  const corners = [
    [-0.5, -0.5],
    [right, -0.5],
    [right, bottom],
    [-0.5, bottom],
  ].map((corner) => {
    const [x, y, z] = matrix.map((line) => line[0]! * corner[0]! + line[1]! * corner[1]! + line[2]!);
    return `${x! / z!},${y! / z!}`;
  });
  return (
    <svg class="warped-frame" viewBox={`-0.5 -0.5 ${width} ${height}`} aria-hidden="true">
      <polygon points={corners.join(' ')} />
      <circle cx={corners[0]!.split(',')[0]} cy={corners[0]!.split(',')[1]} r={width / 14} />
    </svg>
  );
}
