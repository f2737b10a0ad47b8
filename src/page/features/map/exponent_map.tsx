import { signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { count, fixed } from '../../../figures.ts';
import type { ProbeRecord } from '../../../index.ts';
import { change, experiment } from '../../app/state.ts';
import { roomFor } from '../../plots/axes.ts';
import { binCount, firstExponent, paintExponents } from '../../plots/exponents.ts';
import { usePainting } from '../../plots/painting.ts';
import { withPowers } from '../../ui/numbers.ts';
import { twinsOf } from '../run/run.ts';
import { pointedStep } from '../run/shown_step.ts';
import { run } from '../run/state.ts';

/** Powers of ten on the axis. */
const ticks = [-12, -9, -6, -3, 0, 3];

/** Position of a magnitude on the axis: 0 at the top, 1 at the bottom. */
const placeOf = (magnitude: number) => 1 - (Math.log2(magnitude) - firstExponent) / binCount;

/** The twin whose magnitudes are shown, if there are two. */
const chosenTwin = signal<'A' | 'B'>('A');

/** The bin under the pointer. */
const pointedBin = signal<number | undefined>();

/** The distribution of a layer's gradient magnitudes from probe to probe: when gradients vanish, it moves down. */
export function ExponentMap({ layer }: { layer: string }) {
  const shown = run.value;
  shown?.events.value;
  const having = shown ? twinsOf(shown).filter((twin) => twin.run.trained.includes(layer)) : [];
  const twin = having.find(({ name }) => name === chosenTwin.value) ?? having[0];
  const probes = twin?.run.log.probes ?? [];
  const room = shown ? roomFor(shown.stepsDone, shown.steps) : roomFor(0, Infinity);
  const step = pointedStep.value;
  // The last probe up to the step under the pointer, or the first one if there is none before it.
  const probe = step === undefined ? probes.at(-1) : (probes.findLast((it) => it.step <= step) ?? probes[0]);
  return (
    <section id="exponents" class="exponents" aria-labelledby="exponents-title">
      <h4 id="exponents-title">Magnitudes of its gradient</h4>
      <label class="probe-choice">
        <input
          id="probes"
          type="checkbox"
          checked={experiment.value.health === 'full'}
          onChange={({ currentTarget }) => change({ health: currentTarget.checked ? 'full' : 'norms' })}
        />
        Probe the gradient every few steps
      </label>
      {having.length > 1 && (
        <label class="probe-choice">
          Twin{' '}
          <select
            id="probed-twin"
            value={twin?.name}
            onChange={({ currentTarget }) => (chosenTwin.value = currentTarget.value as 'A' | 'B')}
          >
            {having.map(({ name, run }) => (
              <option key={name} value={name}>
                {name}: {run.way}
              </option>
            ))}
          </select>
        </label>
      )}
      {probe ? (
        <>
          <p class="at" id="exponents-at">
            {pointedBin.value === undefined ? summaryOf(probe, layer) : binText(probe, layer, pointedBin.value)}
          </p>
          <div class="exponent-frame">
            <div class="exponent-axis" aria-hidden="true">
              {ticks.map((power) => (
                <span key={power} style={{ top: `${100 * placeOf(10 ** power)}%` }}>
                  {power ? `1e${power}` : '1'}
                </span>
              ))}
            </div>
            <Histograms
              layer={layer}
              twin={twin?.name ?? ''}
              probes={probes}
              room={room}
              every={shown?.probeEvery ?? 1}
            />
          </div>
        </>
      ) : (
        <p class="facts">
          {experiment.value.health === 'full'
            ? 'They appear with the first probe.'
            : 'A probe sorts the elements of the gradient by their size. It takes the time of about six steps.'}
        </p>
      )}
    </section>
  );
}

interface HistogramsProps {
  layer: string;
  /** A or B for twins; empty for a single run. */
  twin: string;
  probes: readonly ProbeRecord[];
  room: number;
  every: number;
}

function Histograms({ layer, twin, probes, room, every }: HistogramsProps) {
  const painted = useRef('');
  const canvas = usePainting((element) => {
    // Most steps have no probe, and repainting can be skipped.
    const what = [layer, twin, probes.at(-1)?.step, room].join(' ');
    if (what !== painted.current) paintExponents(element, probes, layer, room, every);
    painted.current = what;
  });
  return (
    <canvas
      ref={canvas}
      width={600}
      height={binCount}
      role="img"
      aria-label={`Magnitudes of the gradient of ${layer} ${twin && `in ${twin} `}over the steps. ${summaryOf(probes.at(-1)!, layer)}`}
      onPointerMove={({ currentTarget, clientX, clientY }) => {
        const { left, top, width, height } = currentTarget.getBoundingClientRect();
        pointedStep.value = Math.max(1, Math.min(room, 1 + Math.floor(((clientX - left) / width) * room)));
        pointedBin.value = Math.floor((1 - (clientY - top) / height) * binCount);
      }}
      onPointerLeave={() => {
        pointedStep.value = undefined;
        pointedBin.value = undefined;
      }}
    />
  );
}

/** Describes the median magnitude of the gradient's elements. */
function summaryOf({ step, layers }: ProbeRecord, layer: string): string {
  const { exponents, zeros } = layers[layer]!;
  const elements = exponents.reduce((sum, it) => sum + it, zeros);
  let below = zeros;
  const bin = exponents.findIndex((it) => {
    below += it;
    return below > elements / 2;
  });
  const half =
    below > elements / 2 && bin >= 0 && zeros <= elements / 2 ? `half lie below ${power(bin + 1)}` : 'most are zero';
  return `Step ${count(step)}: ${half}; zeros ${fixed((100 * zeros) / elements, 1)} %.`;
}

function binText({ step, layers }: ProbeRecord, layer: string, bin: number): string {
  const { exponents, zeros } = layers[layer]!;
  const elements = exponents.reduce((sum, it) => sum + it, zeros);
  const share = fixed((100 * (exponents[bin] ?? 0)) / elements, 1);
  return `Step ${count(step)}: ${share} % from ${power(bin)} to ${power(bin + 1)}.`;
}

const power = (bin: number) => withPowers((2 ** (firstExponent + bin)).toExponential(1));
