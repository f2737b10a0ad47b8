import { count, counted } from '../../../figures.ts';
import { isCategorical } from '../../app/experiment.ts';
import { relativeTable } from '../../plots/relative_scale.ts';
import { ColumnNames } from '../../ui/column_names.tsx';
import { elementOf, grayMaps, type Maps, signedMaps } from '../../ui/maps.ts';
import { short } from '../../ui/numbers.ts';
import { Picture } from '../../ui/picture.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { pixelAt } from '../../ui/tiles.ts';
import { shapeOfRun } from '../run/questions.ts';
import { run } from '../run/state.ts';
import { chooseUnit, followed, type Stage, unitOf } from './model.ts';
import { Unit } from './unit.tsx';
import type { FollowedLayer, Made } from './worker.ts';

/** The title of a stage. */
export function titleOf(stage: Stage): string {
  if ('layer' in stage) {
    const { layer } = stage.layer;
    return stage.kind === 'forward' ? layer : `the gradient at ${layer}`;
  }
  return {
    image: 'the image',
    loss: 'how wrong the network is',
    imageGradient: 'the gradient at the image',
    update: 'how far the weights would move',
  }[stage.kind];
}

/** The computation of a stage, with its numbers. */
export function StageDetail({ stage }: { stage: Stage }) {
  void relativeTable.value; // re-renders when the colors change between light and dark mode
  if (stage.kind === 'forward') return <Forward layer={stage.layer} />;
  if (stage.kind === 'backward') return <Backward layer={stage.layer} />;
  return { image: <Image />, loss: <Loss />, imageGradient: <ImageGradient />, update: <Update /> }[stage.kind];
}

const shapeWords = (shape: readonly number[]) =>
  shape.length === 3 ? `${counted(shape[2]!, 'map')} of ${shape[0]} × ${shape[1]}` : counted(shape[0]!, 'unit');

function Image() {
  const { pixels } = followed.value!;
  const shape = shapeOfRun()!;
  return (
    <div class="stage-parts">
      <div class="stage-maps single">
        <Picture pixels={pixels} shape={shape} label="the image" />
      </div>
      <p>
        {`${shape[0]} × ${shape[1]} pixels${shape[2] === 1 ? '' : `, ${counted(shape[2], 'channel')}`}: ${count(shape[0] * shape[1] * shape[2])} numbers ` +
          'go into the network. It computes as in evaluation: no augmentation, no dropout, and normalizations use their moving statistics.'}
      </p>
    </div>
  );
}

const howMade: Record<Made['how'], (made: Made) => string> = {
  sum: ({ terms, hasWeights, hasFactors }) =>
    hasFactors
      ? 'the mean of the pixels around it, weighted by how near they are'
      : `the sum of ${terms ? `${count(terms)} ` : ''}${hasWeights ? 'products' : 'numbers'}`,
  largest: ({ terms }) => `the largest of ${terms ? `${count(terms)} ` : 'the '}numbers`,
  mean: ({ terms }) => `the mean of ${terms ? `${count(terms)} ` : 'the '}numbers`,
  product: ({ terms }) => `the product of ${count(terms!)} numbers`,
  copy: () => 'copied from an input',
  normalized: ({ isMoving }) =>
    `the input minus ${isMoving ? 'the moving mean of its map' : 'a mean'}, divided by ${isMoving ? 'the moving' : 'a'} standard deviation`,
};

function madeWords({ made, activation }: FollowedLayer): string {
  const then = activation && `, then ${activation}`;
  if (!made) return activation ? `Each number goes through ${activation}.` : '';
  return `Each number is ${howMade[made.how](made)}${made.hasBias ? ' and a bias' : ''}${then}.`;
}

function Forward({ layer }: { layer: FollowedLayer }) {
  const { shape, values } = layer;
  const isLast = layer === followed.value!.layers.at(-1);
  const zeros = values.reduce((sum, value) => sum + Number(value === 0), 0);
  const maps = grayMaps(shape, values);
  return (
    <div class="stage-parts">
      <div>
        <p>{`${shapeWords(shape)}. ${madeWords(layer)}${isLast ? ' These are the values after the activation that belongs to the loss.' : ''}`}</p>
        <MapsToPoint layer={layer} maps={maps} what="its output" />
        <p class="facts">
          {`Black is ${short(Math.min(0, least(values)))}, white ${short(Math.max(0, most(values)))}.`}
          {zeros > 0 && ` ${percent(zeros / values.length)} of the numbers are 0.`}
        </p>
      </div>
      <Unit layer={layer} kind="forward" />
    </div>
  );
}

function Backward({ layer }: { layer: FollowedLayer }) {
  const { shape, deltas, activation, tensors } = layer;
  const last = followed.value!.layers.at(-1)!;
  const size = rms(deltas);
  const relative = size / rms(last.deltas);
  const maps = signedMaps(shape, deltas);
  return (
    <div class="stage-parts">
      <div>
        <p>
          {`How much the loss changes with each of the ${count(deltas.length)} numbers${activation ? ` before ${activation}` : ''}. `}
          {layer === last
            ? `The backward pass begins here: RMS ${short(size)}.`
            : `RMS ${short(size)}, ${percent(relative)} of the last layer's.`}
        </p>
        <MapsToPoint layer={layer} maps={maps} what="the gradient" />
        <p class="facts">
          Blue: the loss grows with the number; orange: it falls. The strongest color is {short(maps.most)}.
        </p>
        {tensors.length > 0 && (
          <p class="facts">
            {`Gradient of ${tensors.map(({ name, gradientNorm }) => `${name}: norm ${short(gradientNorm)}`).join(', ')}.`}
          </p>
        )}
      </div>
      <Unit layer={layer} kind="backward" />
    </div>
  );
}

/** The maps of a layer, in which a click selects a number; the fields next to them do the same. */
function MapsToPoint({ layer, maps, what }: { layer: FollowedLayer; maps: Maps; what: string }) {
  const { shape } = layer;
  const [height, width] = maps.tiles.shape;
  const choose = (event: MouseEvent) => {
    const { left, top, width: wide, height: tall } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const at = pixelAt(maps.tiles, maps.size, [
      Math.floor(((event.clientY - top) / tall) * height),
      Math.floor(((event.clientX - left) / wide) * width),
    ]);
    if (!at) return;
    const unit = elementOf(shape, shape.length === 3 ? [at.y, at.x, at.tile] : [at.tile]);
    if (unit < layer.values.length) chooseUnit(layer.layer, unit);
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/noStaticElementInteractions: the fields of the unit do the same by keyboard
    <div class="stage-maps" onClick={choose} style={{ maxWidth: `${Math.min(576, 2 * width)}px` }}>
      <Picture pixels={maps.tiles.pixels} shape={maps.tiles.shape} label={`${layer.layer}: ${what}`} />
      <Chosen layer={layer} maps={maps} />
    </div>
  );
}

/** A frame around the selected number. */
function Chosen({ layer, maps: { tiles, size } }: { layer: FollowedLayer; maps: Maps }) {
  const { shape } = layer;
  const unit = unitOf(layer);
  const [y, x, tile] =
    shape.length === 3
      ? [Math.floor(unit / shape[2]! / shape[1]!), Math.floor(unit / shape[2]!) % shape[1]!, unit % shape[2]!]
      : [0, 0, unit];
  const [height, width] = tiles.shape;
  const pitch = (i: 0 | 1) => size[i] * tiles.scale + 2;
  const top = Math.floor(tile / tiles.columns) * pitch(0) + y * tiles.scale;
  const left = (tile % tiles.columns) * pitch(1) + x * tiles.scale;
  const share = (part: number, all: number) => `${(100 * part) / all}%`;
  return (
    <span
      class="chosen"
      style={{
        top: share(top, height),
        left: share(left, width),
        width: share(tiles.scale, width),
        height: share(tiles.scale, height),
      }}
    />
  );
}

function Loss() {
  const { loss, outputs, label, values } = followed.value!;
  const shown = run.value!;
  const names = shown.classNames;
  const isClass = isCategorical(shown.experiment);
  const ofLabel = outputs[label];
  const isLog = isClass && ofLabel !== undefined && Math.abs(loss + Math.log(ofLabel)) < 1e-3 * Math.max(1, loss);
  return (
    <div class="stage-parts">
      <div>
        <p class="stage-formula">
          {isLog ? (
            <>
              loss = −ln {short(ofLabel)} = <strong>{short(loss)}</strong>
            </>
          ) : (
            <>
              loss = <strong>{short(loss)}</strong>
            </>
          )}
        </p>
        <p>
          {isClass
            ? `It is ${names[label]}. The network's probability of ${names[label]} is ${percentOf(ofLabel ?? 0)}. `
            : 'The outputs next to the actual numbers. '}
          The gradient starts here: how the loss changes with each output before its activation.
        </p>
      </div>
      <Scroll labelledBy="stage-title">
        <table id="sample-outputs">
          <ColumnNames
            names={isClass ? ['class', 'probability', 'gradient'] : ['output', 'predicted', 'actual', 'gradient']}
          />
          <tbody>
            {[...outputs].map((value, k) => (
              <tr key={k} class={isClass && k === label ? 'actual' : ''}>
                <th scope="row">{`${names[k] ?? k}${isClass && k === label ? ' (actual)' : ''}`}</th>
                <td>{isClass ? percentOf(value) : short(value)}</td>
                {!isClass && <td>{short(values?.[k] ?? label)}</td>}
                <td>{short(followed.value!.layers.at(-1)!.deltas[k]!)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </div>
  );
}

function ImageGradient() {
  const { imageGradient } = followed.value!;
  const shape = shapeOfRun()!;
  const maps = signedMaps(shape, imageGradient);
  return (
    <div class="stage-parts">
      <div class="stage-maps single">
        <Picture pixels={maps.tiles.pixels} shape={maps.tiles.shape} label="the gradient at the image" />
      </div>
      <p>
        How the loss changes with each pixel: blue where a brighter pixel makes the prediction worse, orange where it
        makes it better. Nothing is trained here, but this is where the gradient ends: RMS {short(rms(imageGradient))}.
      </p>
    </div>
  );
}

/** Norms of each tensor: its values, its gradient, and how far the step would move it. */
function Update() {
  const { layers, learningRate } = followed.value!;
  const rows = layers.flatMap(({ layer, tensors }) => tensors.map((tensor) => ({ layer, ...tensor })));
  return (
    <div class="stage-update">
      <p>
        {`If the next step saw this image alone, the optimizer would move the weights this far, at a learning rate of ${short(learningRate)}. ` +
          'A real step averages the gradients of a whole batch.'}
      </p>
      <Scroll labelledBy="stage-title">
        <table id="sample-update">
          <ColumnNames names={['weights', 'shape', 'norm', 'gradient norm', 'update norm', 'update / weights']} />
          <tbody>
            {rows.map(({ layer, name, shape, norm, gradientNorm, updateNorm }) => (
              <tr key={`${layer} ${name}`}>
                <th scope="row">
                  {layer} <span class="layer">{name}</span>
                </th>
                <td>{shape.join(' × ')}</td>
                <td>{short(norm)}</td>
                <td>{short(gradientNorm)}</td>
                <td>{short(updateNorm)}</td>
                <td>{norm ? percent(updateNorm / norm) : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </div>
  );
}

const rms = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
const least = (values: Float32Array) => values.reduce((a, b) => Math.min(a, b), Infinity);
const most = (values: Float32Array) => values.reduce((a, b) => Math.max(a, b), -Infinity);
const percent = (share: number) => `${short(100 * share)} %`;
/** A probability in percent. */
const percentOf = (share: number) => (share > 0 && share < 0.0005 ? '< 0.1 %' : `${(100 * share).toFixed(1)} %`);
