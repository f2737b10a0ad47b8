import { signal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { count } from '../../../figures.ts';
import type { LayerSummary } from '../../../index.ts';
import { adapter, dataset, noGpu, layers as planned } from '../../app/state.ts';
import { sizeTo, usePainting } from '../../plots/painting.ts';
import { relativeTable } from '../../plots/relative_scale.ts';
import { Panel } from '../../ui/panel.tsx';
import { chosenLayer, wantedLayer } from '../run/chosen_layer.ts';
import { hidesVerdicts } from '../run/quiz.ts';
import { type Run, twinsOf } from '../run/run.ts';
import { isSample, shownRun } from '../run/shown_run.ts';
import { pinnedStep, pointedStep, shownStep } from '../run/shown_step.ts';
import { picturesAt, picturesKept, watchActivations } from './activations.ts';
import { blocksOf } from './blocks.ts';
import { copyImage, type Drawn } from './copy_image.ts';
import { blockAt, columnsOf, type Layout, layOut, sizesFor } from './layout.ts';
import { displayFrameMs, lightAt, onceMs, Pace } from './light.ts';
import { paintNetwork, paletteOf, type Scene } from './paint.ts';
import './style.css';
import { short } from '../../ui/numbers.ts';

/** The network as blocks from left to right, updated live: its activations, and how much of the gradient reaches each layer. */
export function NetworkPanel() {
  const shown = shownRun.value;
  const { summary } = planned.value;
  const imageShape = shown?.imageShape ?? dataset.value.facts?.imageShape;
  if (!imageShape || !(shown || summary)) {
    return (
      <Panel id="network" title="Network">
        <p class="facts">
          The network is drawn here when {imageShape ? 'its layers fit together' : 'there are images'}.
        </p>
      </Panel>
    );
  }
  const twins = shown ? twinsOf(shown) : [{ name: '' as const, run: undefined }];
  return (
    <Panel id="network" title="Network" aside={<Actions />}>
      {twins.map(({ name, run }) => (
        <Drawing
          key={name}
          name={name}
          run={run}
          layers={run?.layers ?? summary!}
          imageShape={imageShape}
          isCompact={twins.length > 1}
        />
      ))}
    </Panel>
  );
}

function Actions() {
  const [said, setSaid] = useState('');
  return (
    <span class="network-actions">
      {isSample.value && <strong class="sample-mark">Sample run{noGpu.value ? '' : '. Press Train for yours.'}</strong>}
      {pinnedStep.value !== undefined && (
        <button id="live" type="button" class="quiet" onClick={() => (pinnedStep.value = undefined)}>
          Step {count(pinnedStep.value)}: back to live
        </button>
      )}
      <span class="facts" role="status">
        {said}
      </span>
      <button id="copy-network" type="button" class="quiet" onClick={async () => setSaid(await copyImage(drawn))}>
        Copy as image
      </button>
    </span>
  );
}

const twinOf = { A: 'a', B: 'b' } as const;

/** The drawings by name; those of twins are one above the other. */
const drawn = new Map<string, Drawn>();

interface DrawingProps {
  /** A or B for twins; empty otherwise. */
  name: 'A' | 'B' | '';
  run: Run | undefined;
  layers: readonly LayerSummary[];
  imageShape: readonly number[];
  isCompact: boolean;
}

const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)');
/** Whether the animation is stopped. */
const isStill = signal(reducedMotion.matches);

export function followMotion(): void {
  reducedMotion.addEventListener('change', ({ matches }) => {
    isStill.value = matches;
  });
}

/** Milliseconds between two frames of the animation. A software adapter trains on the same CPU cores. */
const frameMs = { hardware: displayFrameMs, software: 100 };

function Drawing({ name, run, layers, imageShape, isCompact }: DrawingProps) {
  const [width, setWidth] = useState(0);
  const place = useRef<HTMLDivElement>(null);
  const blocks = useMemo(() => blocksOf(layers, imageShape), [layers, imageShape]);
  const layout = useMemo(
    () => (width ? layOut(blocks, width, sizesFor(width, columnsOf(blocks), isCompact)) : undefined),
    [blocks, width, isCompact],
  );
  useEffect(() => {
    const sizes = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    sizes.observe(place.current!);
    return () => sizes.disconnect();
  }, []);
  return (
    <div class="drawing" ref={place}>
      {name && <h3>{[name, run?.way].filter(Boolean).join(': ')}</h3>}
      {layout && <Painted name={name} run={run} layout={layout} />}
    </div>
  );
}

function Painted({ name, run, layout }: Pick<DrawingProps, 'name' | 'run'> & { layout: Layout }) {
  run?.events.value;
  void picturesKept.value;
  void relativeTable.value;
  void hidesVerdicts.value;
  const step = run && shownStep(run, pointedStep.value ?? pinnedStep.value);
  const lightSince = useRef<number | undefined>(undefined);
  const scene = (now?: number): Scene => sceneOf(run, step, lightOf(lightSince.current, layout, now));
  const paint = useRef<(now?: number) => number>(() => 0);
  const canvas = usePainting((element, size) => {
    // The palette is read once, not in every frame; a change of the colors repaints the drawing.
    const palette = paletteOf(element);
    paint.current = (now) => {
      const begin = performance.now();
      sizeTo(element, size);
      const context = element.getContext('2d')!;
      context.setTransform(size.scale, 0, 0, size.scale, 0, 0);
      context.clearRect(0, 0, layout.width, layout.height);
      paintNetwork(context, layout, latest.current(now), palette);
      return performance.now() - begin;
    };
    paint.current(performance.now());
  }, 'network');
  const latest = useRef(scene);
  latest.current = scene;
  useEffect(() => {
    drawn.set(name, { layout, scene: () => latest.current() });
    return () => void drawn.delete(name);
  }, [name, layout]);
  useLight(run, canvas, paint, lightSince);
  useEffect(
    () => (run && !isSample.peek() ? watchActivations(run, name ? twinOf[name] : undefined) : undefined),
    [run],
  );
  return (
    <canvas
      ref={canvas}
      class="network-drawing"
      style={{ height: `${layout.height}px` }}
      role="img"
      aria-label={descriptionOf(layout, run, step)}
      // Keyboard users have the rows of the map for this.
      onClick={({ currentTarget, clientX, clientY }) => {
        const { left, top } = currentTarget.getBoundingClientRect();
        const [layer] = blockAt(layout, { x: clientX - left, y: clientY - top })?.measured ?? [];
        if (layer) wantedLayer.value = layer;
      }}
    />
  );
}

const lightOf = (since: number | undefined, { columns }: Layout, now: number | undefined) =>
  since === undefined || now === undefined ? undefined : lightAt(Math.max(0, now - since), columns);

/** Animates the light while the run trains and is shown live; for a sample run, once. */
function useLight(
  run: Run | undefined,
  canvas: { current: HTMLCanvasElement | null },
  paint: { current: (now?: number) => number },
  since: { current: number | undefined },
): void {
  const isOnce = isSample.value;
  const isMoving = (run?.phase.value === 'running' || isOnce) && pinnedStep.value === undefined && !isStill.value;
  const least = adapter.value?.software ? frameMs.software : frameMs.hardware;
  useEffect(() => {
    const element = canvas.current;
    if (!isMoving || !element) return undefined;
    const pace = new Pace(least);
    let frame = 0;
    let timer = 0;
    const askForFrame = () => {
      frame = requestAnimationFrame(move);
    };
    const move = (now: number) => {
      since.current ??= now;
      if (isOnce && now - since.current > onceMs) return stop();
      if (pace.isDue(now)) {
        pace.painted(now, paint.current(now));
        // Tests read these.
        element.dataset.frameMs = pace.interval.toFixed(1);
        element.dataset.paintMs = pace.cost.toFixed(2);
      }
      // A frame costs the page processor time even if nothing is painted in it, so those in between are not requested.
      const idleMs = pace.msUntilDue(performance.now());
      if (idleMs > 0) timer = window.setTimeout(askForFrame, idleMs);
      else askForFrame();
    };
    const rest = () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
    };
    const stop = () => {
      rest();
      since.current = undefined;
      paint.current();
    };
    const sight = new IntersectionObserver((entries) => {
      rest();
      if (entries.at(-1)!.isIntersecting) askForFrame();
    });
    sight.observe(element);
    return () => {
      sight.disconnect();
      stop();
    };
  }, [isMoving, isOnce, least]);
}

function sceneOf(run: Run | undefined, step: number | undefined, light: Scene['light']): Scene {
  const row = run && step !== undefined ? run.curves.rowOf(step) : -1;
  const loss = run && step !== undefined ? run.curves.loss.each[row] : undefined;
  const pictures = run && step !== undefined ? picturesAt(run, step) : undefined;
  return {
    relativeGradient: (layer) => (row < 0 ? undefined : run!.curves.layerOf(layer).reach.valueAt(row)),
    verdict: (layer) => (step === undefined || hidesVerdicts.value ? undefined : run?.verdictOf(layer, step)?.verdict),
    picture: ({ kind, layers }) => {
      if (!pictures) return undefined;
      if (kind === 'images') return pictures.of.get('images');
      const layer = layers.findLast((each) => pictures.of.has(each));
      return layer === undefined ? undefined : pictures.of.get(layer);
    },
    light,
    ...(typeof loss === 'number' && { loss: short(loss) }),
    chosen: chosenLayer(),
  };
}

/** A text alternative of the drawing: the number of blocks, and how much of the gradient reaches the first layer. */
function descriptionOf({ blocks }: Layout, run: Run | undefined, step: number | undefined): string {
  const measured = blocks.flatMap(({ block }) => block.measured);
  const shortcuts = blocks.filter(({ block }) => block.kind === 'merge').length;
  const parts = [`The network: ${blocks.length - 1} blocks from the images to the loss`];
  if (shortcuts) parts.push(`${shortcuts} of them merge shortcuts`);
  const [first] = measured;
  if (run && step !== undefined && first) {
    const value = run.curves.layerOf(first).reach.valueAt(run.curves.rowOf(step));
    if (value !== undefined) parts.push(`at step ${step} the relative gradient of ${first} is ${short(value)}`);
  }
  return `${parts.join('; ')}. The gradient map has the figures of all layers.`;
}
