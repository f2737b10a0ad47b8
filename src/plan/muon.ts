import {
  muonMomentum,
  newtonSchulzApply,
  newtonSchulzGram,
  newtonSchulzPolynomial,
  newtonSchulzProduct,
  newtonSchulzScale,
  type SquareProductShape,
} from '../kernels/muon.ts';
import { clipOf } from '../model/optimizer.ts';
import type { FilledOptimizerOf } from '../model/optimizers/index.ts';
import { layOutMatrices, type MatrixPass } from './matrices.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';
import type { Arenas } from './steps.ts';

/** The dispatches that precede an optimizer's update, and the buffers and numbers that the update takes from them. */
export interface Prepared {
  dispatches: PlannedDispatch[];
  buffers: Record<string, BufferRef>;
  numbers: object;
}

/** The factor on the update of a matrix with more columns (outputs) than rows (inputs). */
const scaleOf = ([rows, columns]: readonly [number, number]) => Math.sqrt(Math.max(1, columns / rows));

/**
 * Maximum number of iterations on one Gram matrix. Each multiplies the rounding error of the Gram matrix by up to a^2 = 12 if a
 * singular value is tiny. After three, x is as accurate as if every iteration were applied to x itself (1e-5); after five it
 * would be ten to fifty times worse.
 */
const stepsOnGram = 3;

/** Splits the iterations into runs of similar length. */
function runsOf(steps: number): number[] {
  const runs = Math.ceil(steps / stepsOnGram);
  return Array.from({ length: runs }, (_, i) => Math.ceil((steps - i) / runs));
}

/**
 * Plans the momentum of all matrices and the Newton-Schulz iterations: at most three dispatches each and three per run,
 * regardless of the number of layers.
 *
 * An iteration is x = x p with p = a I + b g + c g g and g = x^T x. All p are polynomials of the first g, so they commute: the
 * next g is g p p, and x can be multiplied by the product of all p at once. The large matrix is therefore read only for the
 * first g and the last product, and the iterations are symmetric products of its smaller side. The formula is the same, only
 * the order of the arithmetic differs.
 *
 * @param m slot of the momentum.
 * @param matrices rows and columns of each tensor that is a matrix.
 */
export function planMuon(
  planner: Planner,
  optimizer: FilledOptimizerOf<'muon'>,
  { network, chunks, shape, factors }: Arenas,
  state: BufferRef,
  m: BufferRef,
  matrices: readonly (readonly [number, number] | undefined)[],
): Prepared {
  if (matrices.every((matrix) => !matrix)) return { dispatches: [], buffers: {}, numbers: { matrices: false } };
  const { gradients } = network;
  const layout = layOutMatrices(gradients.tensors, matrices, planner.traits);
  const { x, parts, squares, count } = layout.shapeOf('square', shape.elements);
  const table = planner.upload('muon.matrices', layout.table);
  const tasks = new Map<MatrixPass, BufferRef>();
  const tablesOf = (pass: MatrixPass) => {
    const own = tasks.get(pass) ?? planner.upload(`muon.${pass}.tasks`, layout.tasks[pass]);
    tasks.set(pass, own);
    return { matrices: table, tasks: own };
  };
  const shapeOf = (pass: MatrixPass) => layout.shapeOf(pass, shape.elements);
  const scratch = (label: string, vec4s: number) => planner.buffer('scratch', `muon.${label}`, 4 * vec4s);
  const runs = runsOf(optimizer.nsSteps);
  const xs = Array.from({ length: Math.min(2, runs.length) }, (_, i) => scratch(`x${i}`, x));
  const ofGram = scratch('gram', parts);
  const s = planner.buffer('scratch', 'muon.scale', count);
  const p = scratch('polynomial', squares);
  // The remaining Gram matrices, and the product of the polynomials so far.
  const [pairs, next] = [scratch('pairs0', 2 * squares), scratch('pairs1', 2 * squares)];
  const o = scratch('o', shape.elements);
  const { nesterov } = optimizer;
  const dispatches = [
    planner.dispatch(
      muonMomentum,
      {
        ...shapeOf('momentum'),
        momentum: optimizer.momentum,
        nesterov,
        clip: clipOf(optimizer),
        tensors: shape.tensors,
      },
      { dw: gradients.all, ...tablesOf('momentum'), state, m, x: xs[0]!, ...(factors && { factors }) },
    ),
  ];
  const product = (
    of: SquareProductShape['of'],
    second: SquareProductShape['second'],
    from: BufferRef,
    to: BufferRef,
  ) => {
    const pass = of === 'both' ? 'pair' : 'square';
    const buffers = { x: from, p, ...tablesOf(pass), y: to };
    dispatches.push(
      planner.dispatch(newtonSchulzProduct, { ...shapeOf(pass), of, ...(second && { second }) }, buffers),
    );
  };
  for (const [run, steps] of runs.entries()) {
    const [from, to] = [xs[run % 2]!, xs[(run + 1) % 2]!];
    const [first, last] = [run === 0, run === runs.length - 1];
    dispatches.push(
      planner.dispatch(newtonSchulzGram, shapeOf('gram'), { x: from, ...tablesOf('gram'), parts: ofGram }),
      planner.dispatch(
        newtonSchulzScale,
        { ...shapeOf('scale'), normalizes: first },
        { parts: ofGram, ...tablesOf('scale'), y: pairs, ...(first && { s }) },
      ),
    );
    for (let step = 0; step < steps; step++) {
      dispatches.push(
        planner.dispatch(newtonSchulzPolynomial, shapeOf('square'), { x: pairs, ...tablesOf('square'), p }),
      );
      if (step < steps - 1) {
        if (step === 0) product('first', 'begins', pairs, next);
        else product('both', undefined, pairs, next);
        product('first', 'keeps', next, pairs);
      } else if (step > 0) product('second', undefined, pairs, next);
    }
    const alone = steps === 1;
    dispatches.push(
      planner.dispatch(
        newtonSchulzApply,
        { ...shapeOf('apply'), last, scaled: first, q: alone ? 'alone' : 'second' },
        { x: from, q: alone ? p : next, ...tablesOf('apply'), y: last ? o : to, ...(first && { s }) },
      ),
    );
  }
  // The fourth word of a chunk is the factor on the update if the chunk belongs to a matrix, otherwise 0.
  const ofUpdate = chunks.table.slice();
  const scales = new Float32Array(ofUpdate.buffer);
  for (let i = 0; i < ofUpdate.length; i += 4) {
    const matrix = matrices[ofUpdate[i + 2]!];
    if (matrix) scales[i + 3] = scaleOf(matrix);
  }
  return { dispatches, buffers: { o, chunks: planner.upload('muon.chunks', ofUpdate) }, numbers: { matrices: true } };
}
