import { type MergeInput, type MergeShape, mergeBackward, mergeForward } from '../../kernels/merge.ts';
import { product } from '../../product.ts';
import type { Lowered, Lowering, LoweringContext } from '../lowering.ts';
import type { BufferRef } from '../planner.ts';

type MergeType = MergeShape['operation'];

const asImage = (shape: readonly number[]): MergeInput =>
  shape.length === 3
    ? { height: shape[0]!, width: shape[1]!, channels: shape[2]! }
    : { height: 1, width: 1, channels: shape[0]! };

/** Maximum number of inputs of one dispatch: x0 to x3. */
const mostAtOnce = 4;

/** A binding that a dispatch reads: an input of the layer by its index, or the result of the previous dispatch. */
interface Part {
  ref: BufferRef;
  shape: MergeInput;
  input?: number;
}

/** One dispatch of a chain. */
interface Link {
  shape: MergeShape;
  parts: Part[];
}

/**
 * add, multiply, average and maximum. More than four inputs are merged by a chain of dispatches, each of which takes the
 * previous result as its first input.
 */
export const lowerMerge =
  <T extends MergeType>(operation: T): Lowering<T> =>
  (layer, context) => {
    const parts = context.inputs.map(({ ref }, input) => ({ ref, shape: asImage(layer.inputShapes[input]!), input }));
    const value = context.value(layer.outputShape);
    const links = planForward(operation, asImage(layer.outputShape), parts, value.ref, context);
    const backward: Lowered['backward'] =
      operation === 'add' || operation === 'average'
        ? (dy) => backwardOfSum(links, parts, product(layer.outputShape), dy, context)
        : (dy) => backwardOfChain(links, dy, context);
    return { value, backward };
  };

function planForward(
  operation: MergeType,
  image: MergeInput,
  parts: readonly Part[],
  y: BufferRef,
  context: LoweringContext,
): Link[] {
  const { batch, activation, mode } = context;
  const links: Link[] = [];
  const add = (some: Part[], into: BufferRef, parts: Pick<MergeShape, 'operation' | 'activation' | 'averagedOver'>) => {
    const shape: MergeShape = { ...parts, batch, ...image, inputs: some.map(({ shape }) => shape) };
    const inputs = Object.fromEntries(some.map(({ ref }, i) => [`x${i}`, ref]));
    context.forward(mergeForward, shape, { ...inputs, y: into });
    links.push({ shape, parts: some });
  };
  let rest = [...parts];
  while (rest.length > mostAtOnce) {
    const elements = batch * image.height * image.width * image.channels;
    const isSum = operation === 'add' || operation === 'average';
    const name = `partial_${links.length}`;
    const ref = isSum || mode === 'infer' ? context.scratch(name, elements) : context.kept(name, elements);
    add(rest.slice(0, mostAtOnce), ref, { operation: isSum ? 'add' : operation, activation: 'linear' });
    rest = [{ ref, shape: image }, ...rest.slice(mostAtOnce)];
  }
  add(rest, y, { operation, activation, ...(links.length > 0 && { averagedOver: parts.length }) });
  return links;
}

/** Each input gets dy, or its fraction of dy, independently of the others. */
function backwardOfSum(
  links: readonly Link[],
  parts: readonly Part[],
  elements: number,
  dy: BufferRef,
  context: LoweringContext,
): void {
  const { shape } = links.at(-1)!;
  const isChain = links.length > 1;
  for (const [i, input] of context.inputs.entries()) {
    if (shape.operation === 'add' && input.elements === elements) {
      context.passGradient(input, dy);
      continue;
    }
    const dx = context.rawGradient(i);
    const own = isChain ? { inputs: [parts[i]!.shape], input: 0 } : { input: i };
    if (dx) context.backward(mergeBackward, { ...shape, activation: 'linear', ...own }, { dy, dx });
  }
}

/** From the last dispatch to the first: the gradient of a dispatch's first input is the dy of the dispatch before it. */
function backwardOfChain(links: readonly Link[], dy: BufferRef, context: LoweringContext): void {
  const hasGradient = ({ input }: Part) => input !== undefined && context.inputs[input]!.hasGradient;
  let arriving = dy;
  for (let l = links.length - 1; l >= 0; l--) {
    const { shape, parts } = links[l]!;
    let next: BufferRef | undefined;
    for (const [i, { input, ref }] of parts.entries()) {
      const isPartial = input === undefined;
      if (isPartial && !links.slice(0, l).some((link) => link.parts.some(hasGradient))) continue;
      const dx = isPartial ? context.scratch(`partial_${l - 1}.dy`, ref.size / 4) : context.rawGradient(input);
      if (!dx) continue;
      if (isPartial) next = dx;
      const isRead = (other: number) => shape.operation === 'maximum' || other !== i;
      const read = parts.flatMap(({ ref }, other) => (isRead(other) ? [[`x${other}`, ref] as const] : []));
      const buffers = { dy: arriving, ...Object.fromEntries(read), dx };
      context.backward(mergeBackward, { ...shape, activation: 'linear', input: i }, buffers);
    }
    if (!next) return;
    arriving = next;
  }
}
