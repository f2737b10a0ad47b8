import { signal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { count } from '../../../figures.ts';
import { lacksImages } from '../../app/state.ts';
import { roomFor } from '../../plots/axes.ts';
import { Curves } from '../../plots/curves.ts';
import type { LogCurve } from '../../plots/layer_curves.ts';
import { sizeTo, usePainting } from '../../plots/painting.ts';
import { decadesFor, rampColor, rampPicture, viridis } from '../../plots/ramp.ts';
import { relativeMarks, relativeNames, relativePlace } from '../../plots/relative_place.ts';
import { relativeColor, relativeTable } from '../../plots/relative_scale.ts';
import { type Pattern, paintPattern, paintStrip } from '../../plots/strip.ts';
import { powerOfTen, shortOrDash } from '../../ui/numbers.ts';
import { chosenLayer, mapLayers, wantedLayer } from '../run/chosen_layer.ts';
import { hidesVerdicts } from '../run/quiz.ts';
import { type Run, twinsOf } from '../run/run.ts';
import { shownRun } from '../run/shown_run.ts';
import { dragTo, pinnedStep, pointedStep, shownStep } from '../run/shown_step.ts';
import './gradient_map.css';
import { Guess, Guessed, QuizBar, QuizButton } from './quiz.tsx';
import { Strips } from './strips.tsx';
import { VerdictBadge } from './verdict_badge.tsx';

/** The quantities that the colors can show; verdicts are based on the first. */
const shades = {
  reach: { name: 'relative gradient', caption: 'Relative gradient of each layer over the steps', unit: 'relative' },
  norm: { name: 'gradient norm', caption: 'Gradient norm of each layer over the steps', unit: 'norm' },
} as const;
type Shade = keyof typeof shades;
const wantedShade = signal<Shade | undefined>();

const nothing = new Curves();

/** The gradient of each layer as colors, with layers as rows and steps as columns, and the verdicts; twins have one row each. */
export function GradientMap() {
  const shown = shownRun.value;
  shown?.events.value;
  const layers = mapLayers();
  if (!layers.length && lacksImages.value)
    return <p class="facts">A row for each layer appears here when there are images.</p>;
  const twins = shown ? twinsOf(shown) : [{ name: '', run: undefined }];
  const curvesOf = (twin: Run | undefined) => twin?.curves ?? nothing;
  const step = shown && shownStep(shown);
  const room = roomOf(shown);
  const at =
    (pointedStep.value ?? pinnedStep.value) === undefined || step === undefined ? undefined : (step - 0.5) / room;
  const curvesFor = (shade: Shade) =>
    twins.flatMap((twin) => layers.map((layer) => curvesOf(twin.run).layerOf(layer)[shade]));
  // A run whose health was off has only norms.
  const hasNormsAlone = step !== undefined && !curvesFor('reach').some(isMeasured);
  const shade = wantedShade.value ?? (hasNormsAlone ? 'norm' : 'reach');
  const curveOf = (twin: Run | undefined, layer: string) => curvesOf(twin).layerOf(layer)[shade];
  const decades = decadesOf(curvesFor('norm'));
  const [from, to] = decades;
  // Reading the signal here repaints the strips when it changes.
  const colors = relativeTable.value;
  const colorOf =
    shade === 'reach' ? relativeColor : (mean: number) => rampColor((Math.log10(mean) - from) / (to - from));
  const chosen = chosenLayer();
  return (
    <div class="gradient-map" style={{ '--map-left': `${leftOf(layers, shown?.twinB !== undefined)}px` }}>
      <table
        id="gradient-map"
        class={shown?.twinB ? 'twins' : ''}
        style={at === undefined ? undefined : { '--at': String(at) }}
      >
        <caption>
          {shades[shade].caption} <span class="at">{step === undefined ? '' : `step ${count(step)}`}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">layer</th>
            {shown?.twinB && (
              <th scope="col" class="twin">
                <span class="unseen">twin</span>
              </th>
            )}
            <th scope="col" class="steps">
              <span>1</span>
              <span>step</span>
              <span>{count(room)}</span>
            </th>
            <th scope="col" class="norm">
              {shades[shade].unit}
            </th>
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
                      title="Show this layer; arrow keys select a step"
                      onClick={() => (wantedLayer.value = layer)}
                      onKeyDown={(event) => pointByKey(event, curvesOf(shown).span, step, shown?.stepsDone)}
                      onBlur={() => (pointedStep.value = undefined)}
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
                    colorOf={colorOf}
                    about={shades[shade].name}
                    room={room}
                  />
                </td>
                <td class="norm">
                  {step === undefined ? '–' : shortOrDash(curveOf(twin, layer).valueAt(curvesOf(twin).rowOf(step)))}
                </td>
                <td class="verdict">
                  {hidesVerdicts.value && step !== undefined ? (
                    <Guess layer={layer} twin={name} />
                  ) : (
                    <VerdictBadge id={name ? `${name}-${layer}` : layer} run={twin} layer={layer} step={step}>
                      {(verdict) => <Guessed layer={layer} twin={name} verdict={verdict} />}
                    </VerdictBadge>
                  )}
                </td>
              </tr>
            ));
          })}
        </tbody>
      </table>
      {shown?.twinB && !shown.hasLayersOf(shown.twinB) && (
        <p class="facts">
          The twins have different models: layers with the same name are shown together, but may have nothing else in
          common.
        </p>
      )}
      <QuizBar />
      <Strips />
      <div class="map-foot">
        <Legend shade={shade} decades={decades} colors={colors} />
        <QuizButton />
        <label>
          <span>Color</span>
          <select
            id="gradient-map-color"
            value={shade}
            onChange={({ currentTarget }) => (wantedShade.value = currentTarget.value as Shade)}
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

/** Width in pixels of the names of layers and twins. */
function leftOf(layers: readonly string[], hasTwins: boolean): number {
  const longest = Math.max(...layers.map(({ length }) => length));
  return Math.round(Math.max(112, Math.min(190, 36 + 7.6 * longest))) + (hasTwins ? 24 : 0);
}

const roomOf = (shown: Run | undefined) => (shown ? roomFor(shown.stepsDone, shown.steps) : roomFor(0, Infinity));

const decadesOf = (curves: readonly LogCurve[]): [number, number] =>
  decadesFor(Math.min(...curves.map(({ least }) => least)), Math.max(...curves.map(({ most }) => most)));

const isMeasured = ({ most, marks }: LogCurve) => most > 0 || marks.some(Boolean);

function pointByKey(event: KeyboardEvent, span: number, step: number | undefined, last: number | undefined): void {
  const move = { ArrowLeft: -span, ArrowRight: span }[event.key];
  if (event.key === 'Escape') pointedStep.value = undefined;
  if (move === undefined || step === undefined || last === undefined) return;
  event.preventDefault();
  pointedStep.value = Math.max(1, Math.min(step + move, last));
}

interface StripProps {
  layer: string;
  /** A or B; empty for a single run. */
  twin: string;
  curves: Curves;
  curve: LogCurve;
  colorOf: (mean: number) => number;
  /** The quantity that the colors show. */
  about: string;
  room: number;
}

function Strip({ layer, twin, curves, curve, colorOf, about, room }: StripProps) {
  const canvas = usePainting((element, size) => {
    sizeTo(element, size);
    paintStrip(element, curves, curve, { room, colorOf, scale: size.scale });
  }, 'strips');
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse; keyboard users have the row's button
    // biome-ignore lint/a11y/useKeyWithClickEvents: the same
    <div
      class="strip"
      onPointerMove={({ currentTarget, clientX, buttons }) => {
        const { left, width } = currentTarget.getBoundingClientRect();
        pointedStep.value = Math.max(1, Math.min(room, 1 + Math.floor(((clientX - left) / width) * room)));
        if (buttons) dragTo(pointedStep.value);
      }}
      onPointerLeave={() => (pointedStep.value = undefined)}
      onClick={() => (wantedLayer.value = layer)}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${[layer, twin].join(' ').trim()}: ${about} over the steps, as colors`}
      />
    </div>
  );
}

interface LegendProps {
  shade: Shade;
  decades: readonly [number, number];
  colors: Uint32Array;
}

/** The meaning of the colors, and of the patterns for values without a logarithm. */
function Legend({ shade, decades, colors }: LegendProps) {
  return (
    <ul class="ramp-legend" aria-label="What the colors mean">
      {shade === 'reach' ? <RelativeScale colors={colors} /> : <NormScale decades={decades} />}
      <li>
        <PatternSwatch pattern="zero" /> zero
      </li>
      <li>
        <PatternSwatch pattern="not-finite" /> not finite
      </li>
    </ul>
  );
}

/** The color scale from vanishing to exploding, with the thresholds of the verdicts. */
function RelativeScale({ colors }: Pick<LegendProps, 'colors'>) {
  return (
    <li class="relative-scale">
      <Ramp table={colors} />
      {relativeMarks.map(({ value, kind }) => (
        <span key={value} class={`mark ${kind}`} style={placeOf(value)}>
          {{ least: '≤ ', most: '≥ ', threshold: '', middle: '' }[kind]}
          {markText(value)}
        </span>
      ))}
      {(hidesVerdicts.value ? [] : relativeNames).map(({ verdict, value }) => (
        <span key={verdict} class="mark verdict-name" style={placeOf(value)}>
          {verdict}
        </span>
      ))}
    </li>
  );
}

const placeOf = (value: number) => ({ '--place': String((relativePlace(value) + 1) / 2) });

function NormScale({ decades: [from, to] }: Pick<LegendProps, 'decades'>) {
  return (
    <li>
      <Ramp table={viridis} />
      <span class="ends">
        {[from, Math.round((from + to) / 2), to].map((power) => (
          <span key={power}>{markText(10 ** power)}</span>
        ))}
      </span>
    </li>
  );
}

function Ramp({ table }: { table: Uint32Array }) {
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => place.current?.replaceChildren(rampPicture(table)), [table]);
  return <span class="ramp" ref={place} />;
}

/** 0.001, 1 and 30 are written out, but 10⁻⁶ is not. */
function markText(value: number): string {
  const power = Math.log10(value);
  const isPower = Math.abs(power) >= 4 && Math.abs(power - Math.round(power)) < 1e-9;
  return isPower ? powerOfTen(Math.round(power)) : String(value);
}

function PatternSwatch({ pattern }: { pattern: Pattern }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    if (canvas.current) paintPattern(canvas.current, pattern, 1);
  });
  return <canvas ref={canvas} class="pattern" width={28} height={12} />;
}
