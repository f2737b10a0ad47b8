import activate from '../../shaders/lib/activate.wgsl?raw';
import elementSource from '../../shaders/lib/element.wgsl?raw';
import nan from '../../shaders/lib/nan.wgsl?raw';
import placeSource from '../../shaders/lib/place.wgsl?raw';
import backwardSource from '../../shaders/merge_backward.wgsl?raw';
import forwardSource from '../../shaders/merge_forward.wgsl?raw';
import type { Kernel } from '../gpu/kernel.ts';
import { type Activation, activationFlags, elementFlags } from './activation.ts';
import { ceilDiv, spread } from './workgroups.ts';

export interface MergeInput {
  height: number;
  width: number;
  channels: number;
}

/** y [batch, height, width, channels]. Each axis of an input has y's length, or length 1 and is broadcast. */
export interface MergeShape extends MergeInput {
  operation: 'add' | 'multiply' | 'average' | 'maximum';
  batch: number;
  /** Two to four inputs: x0 to x3. */
  inputs: readonly MergeInput[];
  /** The divisor of an average whose x0 is already the sum of several inputs: the total number of inputs. */
  averagedOver?: number | undefined;
  activation: Activation;
}

/** Shape of the gradient of one input. */
export interface MergeBackwardShape extends MergeShape {
  /** Index among the inputs. */
  input: number;
}

const elementsOf = ({ height, width, channels }: MergeInput) => height * width * channels;

const isBroadcast = (s: MergeShape) => s.inputs.some((input) => elementsOf(input) !== elementsOf(s));

/** Without broadcasting the axes don't matter: all elements of a sample are treated as channels of one pixel. */
function simplified<S extends MergeShape>(s: S): S {
  if (isBroadcast(s)) return s;
  const pixel = { height: 1, width: 1, channels: elementsOf(s) };
  return { ...s, ...pixel, inputs: s.inputs.map(() => pixel) };
}

const isVec = (s: MergeShape) => s.channels % 4 === 0;
/** True if four channels of an input are adjacent in memory. */
const isVecInput = (s: MergeShape, input: MergeInput) => isVec(s) && input.channels === s.channels;

/** WGSL index of the element of an input that an element of y uses. */
function indexText(s: MergeShape, input: MergeInput): string {
  const stride = isVecInput(s, input) ? 4 : 1;
  if (elementsOf(input) === elementsOf(s)) return stride === 4 ? 'at / 4u' : 'at';
  const terms = [`place.image * ${elementsOf(input)}u`];
  if (input.height > 1) terms.push(`place.row * ${input.width * input.channels}u`);
  if (input.width > 1) terms.push(`place.column * ${input.channels}u`);
  if (input.channels > 1) terms.push('place.channel');
  const sum = terms.join(' + ');
  return stride === 4 ? `(${sum}) / 4u` : sum;
}

const indices = [0, 1, 2, 3] as const;

/** The type of each input's loads, by input. */
const inputElements = (s: MergeShape) =>
  Object.fromEntries(indices.map((i) => [`element${i}`, s.inputs[i] && isVecInput(s, s.inputs[i]) ? 'vec4f' : 'f32']));

const operationFlags = ({ operation, inputs, averagedOver = inputs.length }: MergeShape) => ({
  multiply: operation === 'multiply',
  maximum: operation === 'maximum',
  average: operation === 'average',
  averaged_over: averagedOver.toFixed(1),
});

const sizes = (s: MergeShape) => ({ batch: s.batch, height: s.height, width: s.width, channels: s.channels });
const inputBuffers = (s: MergeShape, isBound: (i: number) => boolean) =>
  Object.fromEntries(
    s.inputs.flatMap((input, i) => (isBound(i) ? [[`x${i}`, s.batch * elementsOf(input)] as const] : [])),
  );
const bytesOfInputs = (s: MergeShape) => 4 * s.batch * s.inputs.reduce((sum, input) => sum + elementsOf(input), 0);

export const mergeForward: Kernel<MergeShape> = {
  name: 'merge_forward',
  source: (s) => forwardSource + activate + nan + (isBroadcast(s) ? placeSource : ''),
  flags: (shape) => {
    const s = simplified(shape);
    return {
      ...elementFlags(isVec(s)),
      ...activationFlags(s.activation),
      ...operationFlags(s),
      ...inputElements(s),
      ...Object.fromEntries(indices.map((i) => [`at${i}`, s.inputs[i] ? indexText(s, s.inputs[i]) : ''])),
      broadcast: isBroadcast(s),
      has_x2: s.inputs.length > 2,
      has_x3: s.inputs.length > 3,
    };
  },
  constants: (s) => sizes(simplified(s)),
  buffers: (s) => ({ ...inputBuffers(s, () => true), y: s.batch * elementsOf(s) }),
  workgroups: (s) => spread(ceilDiv(s.batch * elementsOf(s), 4)),
  cost: (s) => ({
    flops: s.batch * elementsOf(s) * s.inputs.length,
    bytes: 4 * s.batch * elementsOf(s) + bytesOfInputs(s),
  }),
};

/** True if the gradient of one input depends on input i. */
const readsInput = (s: MergeBackwardShape, i: number): boolean =>
  i < s.inputs.length && (s.operation === 'maximum' || (s.operation === 'multiply' && i !== s.input));

const own = (s: MergeBackwardShape): MergeInput => s.inputs[s.input]!;

/** True if an input is read at an index other than dy's. */
const isPlaced = (s: MergeBackwardShape): boolean =>
  s.inputs.some((input, i) => readsInput(s, i) && elementsOf(input) !== elementsOf(s));

/**
 * dx of one input. An add whose input isn't broadcast passes dy on unchanged and needs no dispatch. `x0` to `x3` are bound only
 * if the gradient depends on them: all inputs of a maximum, the other inputs of a product.
 *
 * The gradient of a maximum goes to the first of equal inputs, as in TensorFlow; PyTorch divides it among them.
 */
export const mergeBackward: Kernel<MergeBackwardShape> = {
  name: 'merge_backward',
  source: (s) => backwardSource + elementSource + (isPlaced(s) ? placeSource : ''),
  flags: (shape) => {
    const s = simplified(shape);
    const load = (i: number) => `vec4f(x${i}[${indexText(s, s.inputs[i]!)}])`;
    const others = s.inputs.flatMap((_, i) => (i === s.input ? [] : [i]));
    const vecDx = isVecInput(s, own(s));
    return {
      ...elementFlags(isVec(s)),
      ...operationFlags(s),
      ...inputElements(s),
      ...Object.fromEntries(indices.map((i) => [`has_x${i}`, readsInput(s, i)])),
      placed: isPlaced(s),
      reduced: elementsOf(own(s)) !== elementsOf(s),
      element_dx: vecDx ? 'vec4f' : 'f32',
      vec_dx: vecDx,
      depth: own(s).channels < s.channels ? 'channels' : 'channels_a_load',
      others: others.map(load).join(' * '),
      is_first_largest: others.map((i) => `(${load(s.input)} ${i < s.input ? '>' : '>='} ${load(i)})`).join(' & '),
    };
  },
  constants: (shape) => {
    const s = simplified(shape);
    const { height, width, channels } = own(s);
    return { ...sizes(s), in_height: height, in_width: width, in_channels: channels };
  },
  buffers: (s) => ({
    dy: s.batch * elementsOf(s),
    ...inputBuffers(s, (i) => readsInput(s, i)),
    dx: s.batch * elementsOf(own(s)),
  }),
  workgroups: (shape) => {
    const s = simplified(shape);
    return spread(ceilDiv(s.batch * elementsOf(own(s)), isVecInput(s, own(s)) ? 4 : 1));
  },
  cost: (s) => ({
    flops: s.batch * elementsOf(s) * s.inputs.length,
    bytes: 4 * s.batch * (elementsOf(s) + elementsOf(own(s))) + bytesOfInputs(s),
  }),
};
