import { effect, signal } from '@preact/signals';
import { count } from '../../../figures.ts';
import type { ProbeRecord } from '../../../index.ts';
import { isCategorical } from '../../app/experiment.ts';
import { training } from '../../app/worker_client.ts';
import { short } from '../../ui/numbers.ts';
import { Picture } from '../../ui/picture.tsx';
import { tryImage } from '../run/questions.ts';
import type { ImageOf } from '../run/questions_worker.ts';
import { run } from '../run/state.ts';

/** The last probe whose samples' pictures have been loaded; pictures are undefined if the run's images are unavailable. */
const shown = signal<{ probe: ProbeRecord; pictures: (ImageOf | undefined)[] } | undefined>();
let isFetching = false;

/** If several probes arrive during a request, only the last one is requested next. */
async function fetchPictures(probe: ProbeRecord): Promise<void> {
  if (isFetching) return;
  isFetching = true;
  const of = run.peek();
  const pictures = await Promise.all(
    probe.hardest.map(({ sample }) => training.imageOf('training', sample).catch(() => undefined)),
  );
  isFetching = false;
  const now = run.peek();
  const last = now?.log.probes.at(-1);
  if (!last || now?.twinB) return;
  // The pictures of a previous run may have another shape.
  if (now === of) shown.value = { probe, pictures };
  if (last !== probe) fetchPictures(last);
}

/** The training images with the largest gradients in the last probed batch. */
export function LargestGradients() {
  if (!shown.value || !run.value) return null;
  const { probe, pictures } = shown.value;
  const { classNames, imageShape, experiment } = run.value;
  const nameOf = (label: number) => (isCategorical(experiment) ? classNames[label] : 'its numbers are in Try it');
  return (
    <section id="largest-gradients" aria-labelledby="largest-gradients-title">
      <h3 id="largest-gradients-title">Samples with the largest gradients</h3>
      <p class="facts">
        Norm of each image's own gradient over the dense layers, in the batch of step {count(probe.step)}. The images
        are shown unaugmented; the step saw them augmented.
      </p>
      <ul class="mistakes">
        {probe.hardest.map(({ sample, label, gradientNorm }, i) => {
          const picture = pictures[i];
          return (
            <li key={i}>
              <button
                type="button"
                disabled={!picture}
                title={`Training image ${sample}, ${nameOf(label)}: ask about it`}
                onClick={() => tryImage('training', sample)}
              >
                {picture && <Picture pixels={picture.pixels} shape={imageShape} label={`training image ${sample}`} />}
                <span class="name">{nameOf(label)}</span>
                <span class="fact">{`norm ${short(gradientNorm)}`}</span>
                <span class="fact">{`image ${count(sample)}`}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Fetches the pictures of each new probe. */
export function installLargestGradients(): void {
  effect(() => {
    const now = run.value;
    void now?.events.value;
    // The images of twins are discarded with their networks.
    const probe = now?.twinB ? undefined : now?.log.probes.at(-1);
    if (!probe) shown.value = undefined;
    else if (probe !== shown.peek()?.probe) fetchPictures(probe);
  });
}
