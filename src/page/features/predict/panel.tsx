import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { count, counted } from '../../../figures.ts';
import { argmax, type LayerOutput } from '../../../index.ts';
import { hasAccuracy, isCategorical } from '../../app/experiment.ts';
import { percent, short } from '../../ui/numbers.ts';
import { Panel } from '../../ui/panel.tsx';
import { Picture } from '../../ui/picture.tsx';
import { outputTiles } from '../../ui/tiles.ts';
import { TypedNumber } from '../../ui/typed_number.tsx';
import {
  answer,
  askAboutImage,
  canAsk,
  followImage,
  forget,
  notKept,
  type Question,
  question,
  shapeOfRun,
} from '../run/questions.ts';
import { run } from '../run/state.ts';
import { CloseDrawer, isDrawer } from './drawer.tsx';
import { placingFor } from './drawn_digit.ts';
import { askAboutDrawing, ink } from './model.ts';
import { OwnPicture, pictureDrop } from './own_picture.tsx';
import { SaliencyOf } from './saliency.tsx';
import './style.css';
import './drawer.css';

/** A single image, drawn or chosen: the network's prediction and the output of each layer. */
export function TryPanel() {
  const shape = shapeOfRun();
  if (!shape || !canAsk()) {
    return (
      <Panel id="try" title="Try it">
        <p class="facts">{notKept() ?? 'Train, then draw a digit here and see what the network predicts.'}</p>
      </Panel>
    );
  }
  const drawer = isDrawer();
  return (
    <Panel id="try" title="Try it" class={drawer ? 'drawer' : ''} aside={drawer && <CloseDrawer />}>
      <div class="try" {...pictureDrop}>
        {shape[2] === 1 && (
          <div>
            <Pad />
          </div>
        )}
        <div>
          <Says />
          <div class="ways">
            <Choice />
            <OwnPicture />
          </div>
        </div>
      </div>
      {!drawer && <Outputs />}
    </Panel>
  );
}

/** Width and height of the drawing pad in pixels. */
const side = 280;
const pen = 22;

const gray = (level: number) => `rgb(${level} ${level} ${level})`;

/** The pad with the user's drawing after it was removed from the page, because the panel moves if the width changes or its drawer opens. */
let removedPad: HTMLCanvasElement | undefined;

/** A pad to draw on with a mouse, a finger or a pen, which shows the prediction at once. */
function Pad() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const context = () => canvas.current!.getContext('2d', { willReadFrequently: true })!;
  const drawn = useRef(false);
  const erase = () => {
    context().clearRect(0, 0, side, side);
    drawn.current = false;
  };
  useLayoutEffect(() => {
    const own = canvas.current!;
    if (removedPad) context().drawImage(removedPad, 0, 0);
    drawn.current = removedPad !== undefined;
    return () => {
      removedPad = drawn.current ? own : undefined;
    };
  }, []);
  // If another image is asked about, the pad is cleared.
  const about = question.value;
  const isEmpty = !about || about.sample !== undefined || about.isLive;
  useLayoutEffect(() => {
    if (drawn.current && isEmpty) erase();
  }, [about]);
  const place = (event: PointerEvent): [number, number] => {
    const { left, top, width, height } = canvas.current!.getBoundingClientRect();
    return [((event.clientX - left) * side) / width, ((event.clientY - top) * side) / height];
  };
  const ask = () => {
    const { data } = context().getImageData(0, 0, side, side);
    askAboutDrawing(
      Uint8Array.from({ length: side * side }, (_, i) => data[4 * i + 3]!),
      side,
    );
  };
  const start = (event: PointerEvent) => {
    if (event.button) return;
    canvas.current!.setPointerCapture(event.pointerId);
    const stroke = context();
    Object.assign(stroke, { lineWidth: pen, lineCap: 'round', lineJoin: 'round', strokeStyle: gray(ink.value.ink) });
    stroke.beginPath();
    stroke.moveTo(...place(event));
    stroke.lineTo(...place(event)); // a single dot is drawn, too
    stroke.stroke();
    drawn.current = true;
    ask();
  };
  const move = (event: PointerEvent) => {
    if (!canvas.current!.hasPointerCapture(event.pointerId)) return;
    const stroke = context();
    for (const each of event.getCoalescedEvents?.() ?? [event]) stroke.lineTo(...place(each));
    stroke.stroke();
    ask();
  };
  const { paper, ink: level } = ink.value;
  const { words } = placingFor(shapeOfRun()![0]);
  return (
    <>
      <div class="pad-frame">
        <canvas
          id="pad"
          ref={canvas}
          class="pad"
          width={side}
          height={side}
          style={{ background: gray(paper) }}
          role="img"
          aria-label="Draw a digit here with a mouse, a finger or a pen, or choose a validation image below"
          aria-describedby="pad-how"
          onPointerDown={start}
          onPointerMove={move}
        />
        {isEmpty && (
          <span aria-hidden="true" style={{ color: gray(level) }}>
            Draw here
          </span>
        )}
      </div>
      <button
        id="erase"
        type="button"
        onClick={() => {
          erase();
          forget();
        }}
      >
        Erase
      </button>
      <p id="pad-how" class="facts">
        Draw here, {level < paper ? 'dark on light' : 'light on dark'} as in the training images. The drawing is scaled
        and moved: {words}.
      </p>
    </>
  );
}

const chosen = signal(0);

/** Selects a validation image by its index: the keyboard's alternative to the pad. */
function Choice() {
  const images = run.value?.plan.testSamples ?? 1;
  const areNumbers = run.value !== undefined && !hasAccuracy(run.value.experiment);
  const choose = (sample: number) => {
    chosen.value = sample;
    askAboutImage('test', chosen.value);
  };
  const about = question.value;
  const now = about?.part === 'test' ? (about.sample ?? 0) : chosen.value;
  return (
    <div class="choice">
      <label for="test-image">Validation image, 0 to {count(images - 1)}</label>
      <div class="row">
        <TypedNumber
          id="test-image"
          step={1}
          least={0}
          most={images - 1}
          value={now}
          onChange={(sample) => choose(sample!)}
        />
        <button id="ask" type="button" onClick={() => choose(now)}>
          {areNumbers ? 'Predict' : 'Classify'}
        </button>
        <button
          id="previous-image"
          type="button"
          aria-label="Previous validation image"
          onClick={() => choose((now + images - 1) % images)}
        >
          ‹
        </button>
        <button
          id="next-image"
          type="button"
          aria-label="Next validation image"
          onClick={() => choose((now + 1) % images)}
        >
          ›
        </button>
        <button type="button" onClick={() => choose(Math.floor(Math.random() * images))}>
          Random
        </button>
      </div>
    </div>
  );
}

/** The prediction for the image: a bar for each class or label, or the numbers. */
function Says() {
  const about = question.value;
  const shape = shapeOfRun();
  const outputs = answer.value?.probabilities;
  const shown = run.value;
  const names = shown?.classNames ?? [];
  if (!shape || !shown) return null;
  if (!about) {
    return (
      <div class="says">
        <p class="facts">The prediction appears here.</p>
        {isCategorical(shown.experiment) && (
          <Bars label="Probability of each class" names={names} outputs={undefined} best={-1} />
        )}
      </div>
    );
  }
  if (!isCategorical(shown.experiment)) return <SaysOfEach about={about} names={names} outputs={outputs} />;
  const best = outputs ? argmax(outputs) : -1;
  return (
    <div class="says">
      <div class="asked">
        <Picture pixels={about.pixels} shape={shape} label={nameOf(about)} />
        <p role="status">
          {best >= 0 && <strong>{`${names[best]}, ${percent(outputs![best]!)}`}</strong>}
          {about.label === undefined ? ' Left: what the network sees.' : ` It is ${names[about.label]}.`}
        </p>
      </div>
      <Bars label="Probability of each class" names={names} outputs={outputs} best={best} />
      <Further about={about} names={names} />
    </div>
  );
}

/** More questions about the image. An image of the data set has a label, so its gradient can be followed, too. */
function Further({ about: { sample, part }, names }: { about: Question; names: readonly string[] }) {
  return (
    <div class="further">
      {sample !== undefined && part && (
        <button id="follow-asked" type="button" class="quiet" onClick={() => followImage(part, sample)}>
          Follow it step by step
        </button>
      )}
      <SaliencyOf names={names} />
    </div>
  );
}

interface BarsProps {
  label: string;
  names: readonly string[];
  outputs: Float32Array | undefined;
  best: number;
}

/** All outputs, or in the drawer the three largest. */
function shownOf(names: readonly string[], outputs: Float32Array | undefined): [name: string, at: number][] {
  const all = names.map((name, at): [string, number] => [name, at]);
  if (!isDrawer()) return all;
  return all.toSorted(([, a], [, b]) => (outputs ? outputs[b]! - outputs[a]! : a - b)).slice(0, 3);
}

const Bars = ({ label, names, outputs, best }: BarsProps) => (
  <ol id="probabilities" class="probabilities" aria-label={label}>
    {shownOf(names, outputs).map(([name, at]) => (
      <li key={at} class={at === best ? 'best' : ''}>
        <span class="name" title={name}>
          {name}
        </span>
        <meter min={0} max={1} value={outputs?.[at] ?? 0} aria-label={name} />
        <span class="share">{outputs ? percent(outputs[at]!) : ''}</span>
      </li>
    ))}
  </ol>
);

interface SaysOfEachProps extends Pick<BarsProps, 'names' | 'outputs'> {
  about: Question;
}

/** For labels that are not mutually exclusive, and for numbers, each output is shown separately. */
function SaysOfEach({ about, names, outputs }: SaysOfEachProps) {
  const shown = run.value!;
  const areNumbers = !hasAccuracy(shown.experiment);
  const has = names.filter((_, k) => about.values?.[k]);
  return (
    <div class="says">
      <div class="asked">
        <Picture pixels={about.pixels} shape={shapeOfRun()!} label={nameOf(about)} />
        <p role="status">
          {about.values === undefined
            ? 'Left: what the network sees.'
            : areNumbers
              ? 'Predicted and actual.'
              : `It has ${has.join(', ') || 'none of the labels'}.`}
        </p>
      </div>
      {areNumbers ? (
        <dl id="predicted" class="predicted">
          {names.map((name, k) => (
            <div key={k}>
              <dt>{name}</dt>
              <dd>
                <strong>{outputs ? short(outputs[k]!) : '…'}</strong>
                {about.values && ` actual ${short(about.values[k]!)}`}
              </dd>
            </div>
          ))}
        </dl>
      ) : (
        <Bars label="Probability of each label" names={names} outputs={outputs} best={-1} />
      )}
      <Further about={about} names={names} />
    </div>
  );
}

const nameOf = ({ sample, part }: Question) =>
  sample === undefined
    ? 'the image as the network sees it'
    : `${part === 'training' ? 'training' : 'validation'} image ${sample}`;

function Outputs() {
  const outputs = answer.value?.outputs;
  if (!question.value || !outputs) return null;
  return (
    <section aria-labelledby="outputs-title">
      <h3 id="outputs-title">Activations, layer by layer</h3>
      <ul class="outputs">
        {outputs.map((output) => (
          <Output key={output.layer} {...output} />
        ))}
      </ul>
    </section>
  );
}

function Output(output: LayerOutput) {
  const { layer, shape } = output;
  const { tiles, low, high } = outputTiles(output);
  // A picture of one number would be a blank square.
  if (output.values.length === 1) {
    return (
      <li>
        <p class="facts">
          <strong>{layer}</strong> {`1 unit, ${short(output.values[0]!)}`}
        </p>
      </li>
    );
  }
  const what =
    shape.length === 1 ? counted(shape[0]!, 'unit') : `${counted(shape[2]!, 'map')} of ${shape[0]} × ${shape[1]}`;
  return (
    <li>
      <p class="facts">
        <strong>{layer}</strong> {`${what}, black ${short(low)} to white ${short(high)}`}
      </p>
      <div class="tiles">
        <Picture pixels={tiles.pixels} shape={tiles.shape} label={`${layer}: ${what}`} />
      </div>
    </li>
  );
}
