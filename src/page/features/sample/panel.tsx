import { useEffect, useRef } from 'preact/hooks';
import { count, counted } from '../../../figures.ts';
import { relativeTable } from '../../plots/relative_scale.ts';
import { Facts } from '../../ui/error_facts.tsx';
import { grayMaps, signedMaps } from '../../ui/maps.ts';
import { short } from '../../ui/numbers.ts';
import { Panel } from '../../ui/panel.tsx';
import { Picture } from '../../ui/picture.tsx';
import { TypedNumber } from '../../ui/typed_number.tsx';
import { canAsk, notKept, shapeOfRun } from '../run/questions.ts';
import { pinnedStep } from '../run/shown_step.ts';
import { run } from '../run/state.ts';
import { follow, followed, goTo, isFollowing, place, refused, type Stage, stages } from './model.ts';
import { StageDetail, titleOf } from './stage.tsx';
import './style.css';

/** One image on its way through the network: forward with its numbers, the loss, the gradient back, the update. */
export function SamplePanel() {
  const isThere = shapeOfRun() && canAsk();
  return (
    <Panel id="sample" title="One sample, step by step">
      {isThere ? (
        <>
          <Choice />
          {refused.value && (
            <div role="alert">
              <p>{refused.value.what}.</p>
              <Facts {...refused.value} />
            </div>
          )}
          {followed.value && <Way />}
        </>
      ) : (
        <p class="facts">
          {notKept() ??
            'After training, follow an image through the network: forward layer by layer, the loss, the gradient back, and the update.'}
        </p>
      )}
    </Panel>
  );
}

/** Which image is followed, and with which weights. */
function Choice() {
  const images = run.value?.plan.testSamples ?? 1;
  const now = followed.value;
  const sample = now?.part === 'test' ? now.sample : 0;
  const choose = (to: number) => follow('test', (to + images) % images);
  run.value?.events.value;
  const behind = now ? (run.value?.log.steps.length ?? 0) - now.step : 0;
  return (
    <div class="sample-choice">
      <label for="sample-image">Validation image, 0 to {count(images - 1)}</label>
      <div class="row">
        <TypedNumber
          id="sample-image"
          step={1}
          least={0}
          most={images - 1}
          value={sample}
          onChange={(to) => choose(to!)}
        />
        <button
          id="follow-sample"
          type="button"
          class="primary"
          aria-disabled={isFollowing.value}
          onClick={() => choose(sample)}
        >
          {now ? 'Follow again' : 'Follow this image'}
        </button>
        <button type="button" onClick={() => choose(Math.floor(Math.random() * images))}>
          Random
        </button>
        {now && (
          <span id="sample-choice-weights" class="facts" role="status">
            {`${now.part === 'training' ? `Training image ${count(now.sample)}, computed` : 'Computed'} with the weights after ${counted(now.step, 'step')}`}
            {behind > 0 && `; ${counted(behind, 'step')} trained since`}.{notOf(now.step)}
          </span>
        )}
      </div>
    </div>
  );
}

/** Explains that the weights of the step that the user has dragged to no longer exist. */
function notOf(step: number): string {
  const pinned = pinnedStep.value;
  if (pinned === undefined || pinned === step) return '';
  return ` The map and the plots show step ${count(pinned)}, whose weights were not kept.`;
}

const stepsOf: Record<Stage['kind'], string> = {
  image: 'Forward',
  forward: 'Forward',
  loss: 'Loss',
  backward: 'Backward',
  imageGradient: 'Backward',
  update: 'Update',
};

/** The row of stages, and the selected one. */
function Way() {
  const all = stages.value;
  const at = place.value;
  const stage = all[at]!;
  const move = (by: number) => goTo(at + by);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its buttons are the controls, and the arrow keys are shortcuts for two of them
    <div
      class="sample-way"
      onKeyDown={(event) => {
        if ((event.target as HTMLElement).matches('input, select, canvas')) return;
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!by) return;
        event.preventDefault();
        move(by);
      }}
    >
      <Pipeline />
      <div class="sample-step">
        <button id="previous-stage" type="button" aria-disabled={at === 0} onClick={() => move(-1)}>
          ‹ Back
        </button>
        <button
          id="next-stage"
          type="button"
          class="primary"
          aria-disabled={at === all.length - 1}
          onClick={() => move(1)}
        >
          Next ›
        </button>
        <h3 id="stage-title" aria-live="polite">
          <span class="stage-kind">{stepsOf[stage.kind]}</span> {titleOf(stage)}
        </h3>
        <span class="facts">
          {at + 1} of {all.length}
        </span>
      </div>
      <StageDetail stage={stage} />
    </div>
  );
}

/** A block per layer: its output above, and its gradient below, up to the selected stage. */
function Pipeline() {
  void relativeTable.value; // re-renders when the colors change between light and dark mode
  const { layers, pixels, imageGradient } = followed.value!;
  const shape = shapeOfRun()!;
  const at = place.value;
  const end = stages.value.length - 1;
  const list = useRef<HTMLOListElement>(null);
  // The selected block is kept in view.
  useEffect(() => {
    const current = list.current?.querySelector<HTMLElement>('[aria-current]');
    if (!current || !list.current) return;
    const { offsetLeft, offsetWidth } = current;
    const { clientWidth } = list.current;
    list.current.scrollTo({ left: offsetLeft - (clientWidth - offsetWidth) / 2 });
  }, [at]);
  const isBack = at > layers.length + 1;
  const blocks = [
    {
      name: 'image',
      forward: 0,
      backward: end - 1,
      picture: { pixels, shape },
      gradient: { values: imageGradient, shape },
    },
    ...layers.map(({ layer, shape, values, deltas }, i) => ({
      name: layer,
      forward: i + 1,
      backward: end - 2 - i,
      picture: tilesOf(grayMaps(shape, values, 4)),
      gradient: { values: deltas, shape },
    })),
  ];
  return (
    <ol class="sample-blocks" ref={list}>
      {blocks.map(({ name, forward, backward, picture, gradient }) => {
        const gone = [at >= forward, at >= backward];
        const isHere = at === forward || at === backward;
        return (
          <li key={name}>
            <button
              type="button"
              aria-current={isHere ? 'step' : undefined}
              title={isBack ? `Backward: the gradient at ${name}` : `Forward: the output of ${name}`}
              onClick={() => goTo(isBack ? backward : forward)}
            >
              <span class="name">
                {/* Long names break after an underscore. */}
                {name.split(/(?<=_)/).map((part) => (
                  <>
                    {part}
                    <wbr />
                  </>
                ))}
              </span>
              <span class={gone[0] ? '' : 'to-come'}>
                <Picture {...picture} label="" />
              </span>
              <span class={gone[1] ? '' : 'to-come'}>
                <Picture {...tilesOf(signedMaps(gradient.shape, gradient.values, 4))} label="" />
              </span>
            </button>
          </li>
        );
      })}
      <li>
        <button
          type="button"
          aria-current={stages.value[at]!.kind === 'loss' ? 'step' : undefined}
          onClick={() => goTo(layers.length + 1)}
        >
          <span class="name">loss</span>
          <span class="figure">{at > layers.length ? short(followed.value!.loss) : '…'}</span>
        </button>
      </li>
    </ol>
  );
}

const tilesOf = ({ tiles }: ReturnType<typeof grayMaps>) => ({ pixels: tiles.pixels, shape: tiles.shape });
