import { signal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { count, figure } from '../../figures.ts';
import { roomFor } from '../plots/axes.ts';
import { Curves } from '../plots/curves.ts';
import { type LogCurve, nonFiniteMark, zeroMark } from '../plots/layer_curves.ts';
import { sizeTo, usePainting } from '../plots/painting.ts';
import { decadesFor, rampPicture } from '../plots/ramp.ts';
import { type Pattern, paintPattern, paintStrip } from '../plots/strip.ts';
import { type Run, twinsOf } from '../run.ts';
import { lacksImages, layers as planned, run } from '../state.ts';
import './gradient_map.css';
import { VerdictBadge } from './verdict_badge.tsx';

/** The layer that was chosen to be looked at, until another run has none of that name. */
const wanted = signal<string | undefined>();

/** What the colours tell. */
const shades = {
  norm: { name: 'gradient norm', caption: 'Gradient norm of each layer over the steps', unit: 'norm' },
  reach: {
    name: 'what arrives of it',
    caption: 'What arrives of the gradient at each layer, RMS of its delta over that of the last layer',
    unit: 'ratio',
  },
} as const;
type Shade = keyof typeof shades;
const shade = signal<Shade>('norm');

/** The step that is pointed at. */
const pointed = signal<number | undefined>();

const nothing = new Curves();

/** Layers with weights, of the run that is shown and of its twin, else of the one that would be trained. */
export function mapLayers(): string[] {
  const { summary } = planned.value;
  const shown = run.value;
  if (shown) return [...new Set(twinsOf(shown).flatMap((twin) => twin.run.trained))];
  return summary?.flatMap(({ name, parameters }) => (parameters ? [name] : [])) ?? [];
}

/** The layer to look at: the one that was chosen, else the first that is not well, in either twin, else the first. */
export function chosenLayer(): string | undefined {
  const layers = mapLayers();
  if (wanted.value && layers.includes(wanted.value)) return wanted.value;
  const shown = run.value;
  shown?.news.value;
  const isWell = (layer: string) =>
    !shown || twinsOf(shown).every((twin) => (twin.run.verdictOf(layer)?.verdict ?? 'healthy') === 'healthy');
  return layers.find((layer) => !isWell(layer)) ?? layers[0];
}

/** Layers down, steps across, the norm of each one's gradient as a colour, and what is to be made of it; of twins a row each. */
export function GradientMap() {
  const shown = run.value;
  shown?.news.value;
  const layers = mapLayers();
  if (!layers.length && lacksImages.value)
    return <p class="facts">A row for each layer appears here when there are images.</p>;
  const twins = shown ? twinsOf(shown) : [{ name: '', run: undefined }];
  const curvesOf = (twin: Run | undefined) => twin?.curves ?? nothing;
  const last = shown?.stepsDone || undefined;
  const step = last === undefined ? undefined : Math.min(pointed.value ?? last, last);
  const room = roomOf(shown);
  const at = pointed.value === undefined || last === undefined ? undefined : (step! - 0.5) / room;
  const curveOf = (twin: Run | undefined, layer: string) => curvesOf(twin).layerOf(layer)[shade.value];
  const decades = decadesOf(twins.flatMap((twin) => layers.map((layer) => curveOf(twin.run, layer))));
  const chosen = chosenLayer();
  return (
    <div class="gradient-map">
      <table
        id="gradient-map"
        class={shown?.beside ? 'twins' : ''}
        style={at === undefined ? undefined : { '--at': String(at) }}
      >
        <caption>
          {shades[shade.value].caption} <span class="at">{step === undefined ? '' : `step ${count(step)}`}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">layer</th>
            {shown?.beside && <th scope="col">twin</th>}
            <th scope="col" class="steps">
              <span>1</span>
              <span>step</span>
              <span>{count(room)}</span>
            </th>
            <th scope="col">{shades[shade.value].unit}</th>
            <th scope="col">verdict</th>
          </tr>
        </thead>
        <tbody>
          {layers.flatMap((layer) => {
            const rows = twins.filter((twin) => !twin.run || twin.run.trained.includes(layer));
            return rows.map(({ name, run: twin }, row) => (
              <tr key={`${layer} ${name}`} class={`${layer === chosen ? 'chosen' : ''} ${row ? '' : 'first'}`}>
                {row === 0 && (
                  <th scope="row" rowSpan={rows.length}>
                    <button
                      type="button"
                      aria-pressed={layer === chosen}
                      title="Look at this layer; arrow keys point at a step"
                      onClick={() => (wanted.value = layer)}
                      onKeyDown={(event) => pointByKey(event, curvesOf(shown).span, step, last)}
                      onBlur={() => (pointed.value = undefined)}
                    >
                      {layer}
                    </button>
                  </th>
                )}
                {name && <td class="twin">{name}</td>}
                <td class="steps">
                  <Strip
                    layer={layer}
                    twin={name}
                    curves={curvesOf(twin)}
                    curve={curveOf(twin, layer)}
                    decades={decades}
                    room={room}
                  />
                </td>
                <td class="norm">
                  {step === undefined ? '–' : valueAt(curveOf(twin, layer), curvesOf(twin).rowOf(step))}
                </td>
                <td class="verdict">
                  <VerdictBadge
                    layer={name ? `${name}-${layer}` : layer}
                    verdict={twin?.verdictOf(layer)}
                    waiting={shown?.isUnderWay.value}
                  />
                </td>
              </tr>
            ));
          })}
        </tbody>
      </table>
      {shown?.beside && !shown.hasLayersOf(shown.beside) && (
        <p class="facts">
          The twins are of different models: layers of the same name stand together, and have nothing else in common.
        </p>
      )}
      <div class="map-foot">
        <Legend decades={decades} />
        <label>
          Colour{' '}
          <select
            id="gradient-map-colour"
            value={shade.value}
            onChange={({ currentTarget }) => (shade.value = currentTarget.value as Shade)}
          >
            {Object.entries(shades).map(([value, { name }]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
    </div>
  );
}

const roomOf = (shown: Run | undefined) => (shown ? roomFor(shown.stepsDone, shown.steps) : roomFor(0, Infinity));

const decadesOf = (curves: readonly LogCurve[]): [number, number] =>
  decadesFor(Math.min(...curves.map(({ least }) => least)), Math.max(...curves.map(({ most }) => most)));

/** Of a step, or of the few that share its row. */
function valueAt({ each, marks }: LogCurve, row: number): string {
  const mark = marks[row] ?? 0;
  if (mark & nonFiniteMark) return 'not finite';
  return figure(each[row] ?? undefined) || (mark & zeroMark ? '0' : '–');
}

function pointByKey(event: KeyboardEvent, span: number, step: number | undefined, last: number | undefined): void {
  const move = { ArrowLeft: -span, ArrowRight: span }[event.key];
  if (event.key === 'Escape') pointed.value = undefined;
  if (move === undefined || step === undefined || last === undefined) return;
  event.preventDefault();
  pointed.value = Math.max(1, Math.min(step + move, last));
}

interface StripProps {
  layer: string;
  /** A or B; empty where there is but one. */
  twin: string;
  curves: Curves;
  curve: LogCurve;
  decades: readonly [number, number];
  room: number;
}

function Strip({ layer, twin, curves, curve, decades, room }: StripProps) {
  const canvas = usePainting((element, size) => {
    sizeTo(element, size);
    paintStrip(element, curves, curve, { room, decades, scale: size.scale });
  }, 'strips');
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a mouse's way to what the row's button does by keyboard
    // biome-ignore lint/a11y/useKeyWithClickEvents: the same
    <div
      class="strip"
      onPointerMove={({ currentTarget, clientX }) => {
        const { left, width } = currentTarget.getBoundingClientRect();
        pointed.value = Math.max(1, Math.min(room, 1 + Math.floor(((clientX - left) / width) * room)));
      }}
      onPointerLeave={() => (pointed.value = undefined)}
      onClick={() => (wanted.value = layer)}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${[layer, twin].join(' ').trim()}: ${shades[shade.value].name} over the steps, as colours`}
      />
    </div>
  );
}

/** What the colours mean, and the patterns of what has no logarithm. */
function Legend({ decades: [from, to] }: { decades: readonly [number, number] }) {
  const ramp = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    ramp.current?.append(rampPicture());
    return () => ramp.current?.replaceChildren();
  }, []);
  const middle = Math.round((from + to) / 2);
  return (
    <ul class="ramp-legend" aria-label="What the colours mean">
      <li>
        <span class="ramp" ref={ramp} />
        <span class="ends">
          {[from, middle, to].map((power) => (
            <span key={power}>{power ? `1e${power}` : '1'}</span>
          ))}
        </span>
      </li>
      <li>
        <PatternSwatch pattern="zero" /> zero
      </li>
      <li>
        <PatternSwatch pattern="not-finite" /> not finite
      </li>
    </ul>
  );
}

function PatternSwatch({ pattern }: { pattern: Pattern }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    if (canvas.current) paintPattern(canvas.current, pattern, 1);
  });
  return <canvas ref={canvas} class="pattern" width={28} height={12} />;
}
