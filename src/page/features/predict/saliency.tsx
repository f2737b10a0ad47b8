import { computed, effect, signal } from '@preact/signals';
import { argmax, type Saliency } from '../../../index.ts';
import { training } from '../../app/worker_client.ts';
import { relativeTable } from '../../plots/relative_scale.ts';
import { signedMaps } from '../../ui/maps.ts';
import { Picture } from '../../ui/picture.tsx';
import { answer, question } from '../run/questions.ts';
import { run } from '../run/state.ts';

/** Whether to show which pixels of the current image affect an output, and in which direction. */

const isWanted = signal(false);
/** The output to explain; the largest one unless the user has chosen another. */
const wantedOutput = signal<number | undefined>();
const shown = signal<Saliency | undefined>();

let isAsking = false;
/** The image or the output has changed during a request. */
let isNew = false;

/** Requests the saliency of the newest answer. If another one arrives in the meantime, it is requested next. */
async function ask(): Promise<void> {
  isNew = true;
  if (isAsking) return;
  isAsking = true;
  try {
    while (isNew && isWanted.peek() && question.peek()) {
      isNew = false;
      const { pixels } = question.peek()!;
      const about = run.peek();
      const found = await training.saliencyOf(pixels, wantedOutput.peek());
      if (run.peek() === about && question.peek()) shown.value = found;
    }
  } catch {
    // The error is reported by the answer itself.
    shown.value = undefined;
  } finally {
    isAsking = false;
  }
}

export function installSaliency(): void {
  effect(() => {
    const has = answer.value && question.value;
    void wantedOutput.value;
    if (!has) shown.value = undefined;
    if (isWanted.value && has) ask();
  });
}

const best = computed(() => (answer.value ? argmax(answer.value.probabilities) : 0));

/** A button that shows the saliency, and a choice of the output. */
export function SaliencyOf({ names }: { names: readonly string[] }) {
  return (
    <div class="saliency">
      <button
        id="show-saliency"
        type="button"
        class="quiet"
        aria-pressed={isWanted.value}
        onClick={() => (isWanted.value = !isWanted.peek())}
      >
        {isWanted.value ? 'Hide saliency' : 'Show saliency'}
      </button>
      {isWanted.value && <Shown names={names} />}
    </div>
  );
}

function Shown({ names }: { names: readonly string[] }) {
  void relativeTable.value; // re-renders when the colors change between light and dark mode
  const found = shown.value;
  const output = wantedOutput.value ?? best.value;
  const name = names[output] ?? String(output);
  return (
    <div class="saliency-shown">
      {found && <GradientMap {...found} name={name} />}
      <div>
        <label for="saliency-output">Pixels that affect</label>
        <select
          id="saliency-output"
          value={wantedOutput.value ?? ''}
          onChange={({ currentTarget: { value } }) => (wantedOutput.value = value === '' ? undefined : Number(value))}
        >
          <option value="">{`the prediction, ${names[best.value] ?? best.value}`}</option>
          {names.map((each, k) => (
            <option key={k} value={k}>
              {each}
            </option>
          ))}
        </select>
        <p class="facts">
          {`Blue: a brighter pixel raises the output for ${name}; orange: it lowers it. This is the gradient of that output before its activation${found && found.shape[2]! > 1 ? ', summed over the colors' : ''}.`}
        </p>
      </div>
    </div>
  );
}

/** The gradient, summed over the channels of each pixel. */
function GradientMap({ gradient, shape, name }: Saliency & { name: string }) {
  const [height, width, channels] = shape as [number, number, number];
  const pixels = new Float32Array(height * width);
  gradient.forEach((value, i) => {
    pixels[Math.floor(i / channels)]! += value;
  });
  const { tiles } = signedMaps([height, width, 1], pixels);
  return <Picture pixels={tiles.pixels} shape={tiles.shape} label={`saliency of ${name}`} />;
}
