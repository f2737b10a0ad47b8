import type { ComponentChildren } from 'preact';
import { encode } from '../../app/experiment_url.ts';
import { adapter, experiment as present } from '../../app/state.ts';
import { sizeTo, usePainting } from '../../plots/painting.ts';
import { packed } from '../../plots/ramp.ts';
import { relativeColorAt, relativeTable } from '../../plots/relative_scale.ts';
import { putPixels } from '../../ui/dom.ts';
import { slownessHere } from '../run/run_time.ts';
import { startExperiment } from '../run/start_experiment.ts';
import { experiments, type GalleryExperiment, thumbnails } from './experiments.ts';
import { readPlaces, type Thumbnail as Small } from './recorded.ts';
import './style.css';

/**
 * The gallery: each experiment makes a point, and sets everything up and trains with one click. @param props.children shown after
 * the experiments.
 */
export function Experiments({ children }: { children: ComponentChildren }) {
  const now = encode(present.value);
  return (
    <nav class="experiments" aria-label="Experiments">
      <ul>
        {experiments.map((each) => (
          <li key={each.id}>
            <Card experiment={each} isCurrent={now === each.parameters} />
          </li>
        ))}
        <li class="further">{children}</li>
      </ul>
    </nav>
  );
}

function Card({ experiment, isCurrent }: { experiment: GalleryExperiment; isCurrent: boolean }) {
  const { id, title, line, parameters } = experiment;
  const thumbnail = thumbnails[id];
  const time = thumbnail && timeOf(thumbnail);
  return (
    <a
      id={`experiment-${id}`}
      class="card"
      href={`#${parameters}`}
      title={line}
      aria-current={isCurrent ? 'true' : undefined}
      onClick={(event) => {
        // With one of these keys the browser opens the link in another tab, ready to train.
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        startExperiment(parameters);
      }}
    >
      {thumbnail && <Thumbnail thumbnail={thumbnail} />}
      <span class="card-title">{title}</span>
      <span class="card-line">{line}</span>
      <span class="time">{time}</span>
    </a>
  );
}

/** Assumed milliseconds per step on a GPU, most of which is dispatch overhead. */
const hardwareStepMs = 2;

/** The estimated time on this machine, if known. */
function timeOf({ steps, stepMs }: Small): string {
  const { software } = adapter.value ?? {};
  if (software === undefined) return '';
  const each = software ? stepMs * (slownessHere.value ?? 1) : hardwareStepMs;
  const seconds = (steps * each) / 1000;
  if (seconds < 10) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 90 ? `${5 * Math.round(seconds / 5)} s` : `${Math.round(seconds / 60)} min`;
}

/** A thumbnail of the run's gradient map; for twins, A is on the left and B on the right. */
function Thumbnail({ thumbnail: { a, b } }: { thumbnail: Small }) {
  void relativeTable.value;
  const canvas = usePainting((element, size) => {
    sizeTo(element, size);
    const image = new ImageData(size.width, size.height);
    const pixels = new Uint32Array(image.data.buffer);
    const maps = b ? [a, b] : [a];
    const gap = 2 * size.scale;
    const width = (size.width - gap * (maps.length - 1)) / maps.length;
    maps.forEach((map, at) => {
      const rows = map.map(readPlaces);
      const left = Math.round(at * (width + gap));
      for (let y = 0; y < size.height; y++) {
        const row = rows[Math.floor((y * rows.length) / size.height)]!;
        for (let x = 0; x < Math.floor(width); x++) {
          const place = row[Math.floor((x * row.length) / width)] ?? null;
          pixels[y * size.width + left + x] = place === null ? packed(0, 0, 0) : relativeColorAt(place);
        }
      }
    });
    putPixels(element, image);
  });
  return (
    <span class="thumbnail">
      <canvas ref={canvas} />
    </span>
  );
}
