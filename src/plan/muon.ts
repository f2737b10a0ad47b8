import { muonMomentum, newtonSchulzGram, newtonSchulzPolynomial, newtonSchulzProduct } from '../kernels/muon.ts';
import { clipOf } from '../model/optimizer.ts';
import type { FilledOptimizerOf } from '../model/optimizers/index.ts';
import { layOutMatrices, type MatrixPass } from './matrices.ts';
import type { BufferRef, PlannedDispatch, Planner } from './planner.ts';
import type { Arenas } from './steps.ts';

/** The dispatches before an optimizer's update, and the buffers and numbers that the update takes from them. */
export interface Prepared {
  dispatches: PlannedDispatch[];
  buffers: Record<string, BufferRef>;
  numbers: object;
}

/** The factor on the update of a matrix that has more columns than rows: more outputs than inputs. */
const scaleOf = ([rows, columns]: readonly [number, number]) => Math.sqrt(Math.max(1, columns / rows));

/**
 * The momentum of all matrices and the Newton-Schulz steps: three dispatches each, whatever the number of layers.
 *
 * @param m the slot of the momentum.
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
  const layout = layOutMatrices(gradients.tensors, matrices);
  const { x, parts, p } = layout.shapeOf('product', shape.elements);
  const table = planner.upload('muon.matrices', layout.table);
  const scratch = (label: string, vec4s: number) => planner.buffer('scratch', `muon.${label}`, 4 * vec4s);
  const [x0, x1] = [scratch('x0', x), scratch('x1', x)];
  const ofGram = scratch('gram', parts);
  const polynomial = scratch('polynomial', p);
  const o = scratch('o', shape.elements);
  const of = (pass: MatrixPass) => {
    const tasks = planner.upload(`muon.${pass}.tasks`, layout.tasks[pass]);
    return { shape: layout.shapeOf(pass, shape.elements), tables: { matrices: table, tasks } };
  };
  const [momentum, gram, polynomials, product] = [of('momentum'), of('gram'), of('polynomial'), of('product')];
  const { nesterov, nsSteps } = optimizer;
  const dispatches = [
    planner.dispatch(
      muonMomentum,
      { ...momentum.shape, momentum: optimizer.momentum, nesterov, clip: clipOf(optimizer), tensors: shape.tensors },
      { dw: gradients.all, ...momentum.tables, state, m, x: x0, ...(factors && { factors }) },
    ),
  ];
  for (let step = 0; step < nsSteps; step++) {
    const [from, to] = step % 2 ? [x1, x0] : [x0, x1];
    const last = step === nsSteps - 1;
    dispatches.push(
      planner.dispatch(newtonSchulzGram, gram.shape, { x: from, ...gram.tables, parts: ofGram }),
      planner.dispatch(
        newtonSchulzPolynomial,
        { ...polynomials.shape, first: step === 0 },
        { parts: ofGram, ...polynomials.tables, p: polynomial },
      ),
      planner.dispatch(
        newtonSchulzProduct,
        { ...product.shape, last },
        { x: from, p: polynomial, ...product.tables, y: last ? o : to },
      ),
    );
  }
  // A chunk's fourth word is the factor on the update where the chunk is a matrix's, and 0 elsewhere.
  const ofUpdate = chunks.table.slice();
  const scales = new Float32Array(ofUpdate.buffer);
  for (let i = 0; i < ofUpdate.length; i += 4) {
    const matrix = matrices[ofUpdate[i + 2]!];
    if (matrix) scales[i + 3] = scaleOf(matrix);
  }
  return { dispatches, buffers: { o, chunks: planner.upload('muon.chunks', ofUpdate) }, numbers: { matrices: true } };
}
