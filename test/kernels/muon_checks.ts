import {
  type MatricesShape,
  type MuonMomentumShape,
  type MuonShape,
  muon,
  muonMomentum,
  newtonSchulz,
  newtonSchulzGram,
  newtonSchulzPolynomial,
  newtonSchulzProduct,
  type PolynomialShape,
  type ProductShape,
} from '../../src/kernels/muon.ts';
import type { FilledOptimizerOf } from '../../src/model/optimizers/index.ts';
import { layOutMatrices, type MatrixPass } from '../../src/plan/matrices.ts';
import { updateTensor } from '../../src/reference/train.ts';
import { expectSame, expectWithin } from '../compare.ts';
import { numbers } from '../reference/central_differences.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type Arena, arenaOf, likeArena } from './arena.ts';
import { floats, type KernelCheck, type Verify, within } from './check_kernel.ts';
import { poison } from './guarded_launch.ts';
import {
  clipped,
  conditionOf,
  factorsOf,
  inTensors,
  measured,
  shapeOf,
  slotValues,
  type UpdateCase,
} from './optimizer_checks.ts';
import { stateOf } from './state_words.ts';

type Numbers = Float64Array;

/** Rows and columns of tensors that are matrices, or elements of those that are not. */
export type MatrixTensors = readonly (readonly [number, number] | number)[];

const sizeOf = (tensor: MatrixTensors[number]) => (typeof tensor === 'number' ? tensor : tensor[0] * tensor[1]);

/** The arenas of such tensors, and the tables of their matrices. */
function laidOut(tensors: MatrixTensors, scale = 1) {
  const arena = arenaOf(tensors.map(sizeOf), scale);
  const places = arena.tensors.map((tensor) => ({ offset: tensor.byteOffset - arena.dw.byteOffset }));
  const layout = layOutMatrices(
    places,
    tensors.map((tensor) => (typeof tensor === 'number' ? undefined : tensor)),
  );
  const matrices = Array.from({ length: layout.table.length / 12 }, (_, i) => {
    const [first, tensor, transposed, , rows, columns, quads, , x, parts, p, slices] = layout.table.subarray(12 * i);
    return {
      ...{ first: first!, tensor: tensor!, transposed: transposed === 1, rows: rows!, columns: columns! },
      ...{ width: 4 * quads!, x: 4 * x!, parts: 4 * parts!, p: 4 * p!, slices: slices! },
    };
  });
  const of = (pass: MatrixPass) => ({
    shape: layout.shapeOf(pass, arena.elements),
    tables: { matrices: layout.table, tasks: layout.tasks[pass] },
  });
  return { arena, matrices, of };
}

type Matrix = ReturnType<typeof laidOut>['matrices'][number];

const placeOf = (it: Matrix, row: number, column: number) =>
  it.first + (it.transposed ? column * it.rows + row : row * it.columns + column);

/** Numbers in the layout of x: zeros where a row ends before its last vec4. */
function padded(matrices: readonly Matrix[], length: number, values: ArrayLike<number>): Float32Array {
  const x = new Float32Array(length);
  for (const { x: at, rows, columns, width } of matrices) {
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < columns; c++) x[at + row * width + c] = values[(at + row * width + c) % values.length]!;
    }
  }
  return x;
}

const ofX = (shape: MatricesShape, matrices: readonly Matrix[], seed: number) =>
  padded(matrices, 4 * shape.x, numbers(4 * shape.x, seed));

export interface MomentumCase extends Pick<UpdateCase, 'clip'> {
  tensors: MatrixTensors;
  momentum: number;
  nesterov: boolean;
}

export function checkMuonMomentum(c: MomentumCase): KernelCheck<MuonMomentumShape> {
  const { arena, matrices, of } = laidOut(c.tensors);
  const { shape, tables } = of('momentum');
  const common = { ...c, measured: false, learningRate: 1, scale: 1, tensors: [] };
  return {
    kernel: muonMomentum,
    shape: { ...shape, momentum: c.momentum, nesterov: c.nesterov, clip: c.clip, tensors: arena.tensors.length },
    given: {
      dw: arena.dw,
      ...tables,
      state: stateOf({}),
      m: likeArena(arena, 20),
      ...factorsOf(arena, common),
    },
    twin: (given) => {
      const g = clipped(arena, common, given);
      const old = given.m as Float32Array;
      const m = Float64Array.from(old);
      const [size, x, sizeOfX] = [
        new Float64Array(m.length),
        new Float64Array(4 * shape.x),
        new Float64Array(4 * shape.x),
      ];
      for (const it of matrices) {
        for (let row = 0; row < it.rows; row++) {
          for (let column = 0; column < it.columns; column++) {
            const [i, at] = [placeOf(it, row, column), it.x + row * it.width + column];
            m[i] = c.momentum * old[i]! + g[i]!;
            size[i] = Math.abs(c.momentum * old[i]!) + Math.abs(g[i]!);
            x[at] = c.nesterov ? g[i]! + c.momentum * m[i]! : m[i]!;
            sizeOfX[at] = Math.abs(g[i]!) + size[i]!;
          }
        }
      }
      const bound = boundOf(tolerances.muon_momentum, m, { terms: 3, magnitude: size });
      return {
        x: within(x, boundOf(tolerances.muon_momentum, x, { terms: 4, magnitude: sizeOfX })),
        // What is no matrix keeps its bits.
        m: (name, bits) => {
          const before = new Uint32Array(old.buffer, old.byteOffset, old.length);
          const matrix = (i: number) => size[i]! > 0;
          expectSame(
            `${name}, where no matrix is`,
            bits.filter((_, i) => !matrix(i)),
            before.filter((_, i) => !matrix(i)),
          );
          const those = <T extends Float32Array | Numbers>(values: T) => values.filter((_, i) => matrix(i));
          expectWithin(name, those(floats(bits)), those(m), those(bound));
        },
      };
    },
  };
}

/** x^T x over some rows, of numbers in the layout of x. */
function gramOf(it: Matrix, x: ArrayLike<number>, [from, to]: readonly [number, number]): Numbers {
  const gram = new Float64Array(it.width ** 2);
  for (let row = from; row < to; row++) {
    for (let i = 0; i < it.width; i++) {
      for (let j = 0; j < it.width; j++)
        gram[i * it.width + j]! += x[it.x + row * it.width + i]! * x[it.x + row * it.width + j]!;
    }
  }
  return gram;
}

const partsOf = (matrices: readonly Matrix[], length: number, x: ArrayLike<number>): Numbers => {
  const parts = new Float64Array(length);
  for (const it of matrices) {
    const share = Math.ceil(it.rows / it.slices);
    for (let s = 0; s < it.slices; s++) {
      const rows = [s * share, Math.max(s * share, Math.min(it.rows, (s + 1) * share))] as const;
      parts.set(gramOf(it, x, rows), it.parts + s * it.width ** 2);
    }
  }
  return parts;
};

export function checkNewtonSchulzGram(tensors: MatrixTensors): KernelCheck<MatricesShape> {
  const { matrices, of } = laidOut(tensors);
  const { shape, tables } = of('gram');
  return {
    kernel: newtonSchulzGram,
    shape,
    given: { ...tables, x: ofX(shape, matrices, 7) },
    twin: ({ x }) => {
      const parts = partsOf(matrices, 4 * shape.parts, x!);
      const magnitude = partsOf(matrices, 4 * shape.parts, x!.map(Math.abs));
      const terms = Math.max(...matrices.map(({ rows, slices }) => Math.ceil(rows / slices)));
      return { parts: within(parts, boundOf(tolerances.newton_schulz, parts, { terms, magnitude })) };
    },
  };
}

export function checkNewtonSchulzPolynomial(tensors: MatrixTensors, first: boolean): KernelCheck<PolynomialShape> {
  const { matrices, of } = laidOut(tensors);
  const { shape, tables } = of('polynomial');
  // As large as a gradient may be, or as x is after the first step.
  const x = ofX(shape, matrices, 7).map((u) => (first ? 100 : 0.2) * u);
  const { a, b, c } = newtonSchulz;
  return {
    kernel: newtonSchulzPolynomial,
    shape: { ...shape, first },
    given: { ...tables, parts: Float32Array.from(partsOf(matrices, 4 * shape.parts, x)) },
    twin: ({ parts }) => {
      const p = new Float64Array(4 * shape.p);
      const magnitude = new Float64Array(4 * shape.p);
      for (const { parts: at, p: to, width, columns, slices } of matrices) {
        const sum = (of: (x: number) => number) => {
          const gram = new Float64Array(width ** 2);
          for (let s = 0; s < slices; s++)
            for (let i = 0; i < gram.length; i++) gram[i]! += of(parts![at + s * gram.length + i]!);
          return gram;
        };
        const gram = sum((value) => value);
        const trace = Array.from({ length: columns }, (_, i) => gram[i * width + i]!).reduce(
          (s, value) => s + value,
          0,
        );
        const scale = first ? 1 / (Math.sqrt(trace) + 1e-7) : 1;
        const fill = (into: Numbers, of: Numbers, sign: (x: number) => number) => {
          for (let i = 0; i < width; i++) {
            for (let j = 0; j < width; j++) {
              let squared = 0;
              for (let k = 0; k < columns; k++) squared += of[k * width + i]! * of[k * width + j]!;
              const value = sign(b) * scale ** 2 * of[i * width + j]! + c * scale ** 4 * squared + (i === j ? a : 0);
              into[to + i * width + j] = scale * value;
            }
          }
        };
        fill(p, gram, (x) => x);
        fill(magnitude, sum(Math.abs), Math.abs);
      }
      const terms = Math.max(...matrices.map(({ columns, slices }) => columns + 2 * slices)) + 8;
      return { p: within(p, boundOf(tolerances.newton_schulz, p, { terms, magnitude })) };
    },
  };
}

export function checkNewtonSchulzProduct(tensors: MatrixTensors, last: boolean): KernelCheck<ProductShape> {
  const { arena, matrices, of } = laidOut(tensors);
  const { shape, tables } = of('product');
  return {
    kernel: newtonSchulzProduct,
    shape: { ...shape, last },
    given: { ...tables, x: ofX(shape, matrices, 7) },
    twin: ({ x, p }) => {
      const terms = Math.max(...matrices.map(({ width }) => width));
      const length = 4 * (last ? arena.elements : shape.x);
      const [y, magnitude, written] = [new Float64Array(length), new Float64Array(length), new Uint8Array(length)];
      for (const it of matrices) {
        for (let row = 0; row < it.rows; row++) {
          for (let column = 0; column < (last ? it.columns : it.width); column++) {
            const at = last ? placeOf(it, row, column) : it.x + row * it.width + column;
            written[at] = 1;
            for (let k = 0; k < it.width; k++) {
              const term = x![it.x + row * it.width + k]! * p![it.p + k * it.width + column]!;
              y[at]! += term;
              magnitude[at]! += Math.abs(term);
            }
          }
        }
        // Zeros up to a whole vec4.
        if (last) for (let i = it.rows * it.columns; i % 4; i++) written[it.first + i] = 1;
      }
      const bound = boundOf(tolerances.newton_schulz, y, { terms, magnitude });
      const verify: Verify = (name, bits) => {
        const those = <T extends Float32Array | Numbers>(values: T) => values.filter((_, i) => written[i]);
        expectWithin(name, those(floats(bits)), those(y), those(bound));
        const elsewhere = bits.filter((_, i) => !written[i]);
        expectSame(`${name}, elsewhere`, elsewhere, elsewhere.slice().fill(poison));
      };
      return { y: verify };
    },
  };
}

export interface MuonCase extends Omit<UpdateCase, 'tensors'> {
  tensors: MatrixTensors;
  optimizer: FilledOptimizerOf<'muon'>;
  t: number;
}

/** The last dispatch: given what the matrices are to move by. */
export function checkMuon(c: MuonCase): KernelCheck<MuonShape> {
  const { arena } = laidOut(c.tensors, c.scale);
  const { optimizer, t } = c;
  const update: UpdateCase = { ...c, tensors: [] };
  const matrices = c.tensors.some((tensor) => typeof tensor !== 'number');
  const slots = optimizer.others === 'adam' ? ['m', 'v'] : ['m'];
  const filled = { ...optimizer, learningRate: c.learningRate, weightDecay: c.weightDecay ?? 0 };
  const past = t > 1 ? c.scale : 0;
  const chunks = arena.chunks.slice();
  const scales = new Float32Array(chunks.buffer);
  const scaleAt = (tensor: number) => 1 + tensor / 4;
  for (let i = 0; i < chunks.length; i += 4) {
    if (typeof c.tensors[chunks[i + 2]!] !== 'number') scales[i + 3] = scaleAt(chunks[i + 2]!);
  }
  const ofTensor = scaleByElement(arena, chunks);
  const { others, momentum, nesterov, adamLrRatio, adamBeta1, adamBeta2, epsilon } = optimizer;
  return {
    kernel: muon,
    shape: {
      ...shapeOf(arena, update),
      ...{ others, momentum, nesterov, adamLrRatio, adamBeta1, adamBeta2, epsilon, matrices },
    },
    given: {
      dw: arena.dw,
      chunks,
      ...factorsOf(arena, update),
      ...Object.fromEntries(
        slots.map((name, i) => [name, likeArena(arena, 20 + i, (u) => slotValues[name]!(u, past))]),
      ),
      ...(matrices && { o: likeArena(arena, 60) }),
      w: likeArena(arena, 40),
      state: stateOf({
        learning_rate: c.learningRate,
        correction1: 1 - adamBeta1 ** t,
        correction2: 1 - adamBeta2 ** t,
        updates: t,
      }),
    },
    twin: (given) => {
      const inputs = {
        dw: clipped(arena, update, given),
        ...Object.fromEntries(
          ['w', ...slots, ...(matrices ? ['o'] : [])].map((name) => [name, Float64Array.from(given[name]!)]),
        ),
      };
      const move = ({ dw, w, o, ...of }: Record<string, Numbers>): Record<string, Numbers> => {
        const after = updateTensor(filled, { dw: dw!, w: w!, slots: of, t });
        const isMatrix = (i: number) => ofTensor[i]! > 0;
        const decayed = (i: number) => w![i]! - c.learningRate * filled.weightDecay * w![i]!;
        return {
          w: after.w.map((value, i) => (isMatrix(i) ? decayed(i) - c.learningRate * ofTensor[i]! * o![i]! : value)),
          ...Object.fromEntries(
            slots.map((name) => [name, after.slots[name]!.map((value, i) => (isMatrix(i) ? of[name]![i]! : value))]),
          ),
        };
      };
      const { exact, size } = conditionOf(move, inputs);
      const bound = (name: string) => boundOf(tolerances.optimizer, exact[name]!, { terms: 1, magnitude: size[name]! });
      const near = ['w', ...slots].map((name) => [name, inTensors(arena, exact[name]!, bound(name))]);
      const partials = c.measured && { partials: measured(arena, given.w!, exact.w!, bound('w')) };
      return { ...Object.fromEntries(near), ...partials };
    },
  };
}

/** The fourth word of the chunk that each element lies in. */
function scaleByElement(arena: Arena, chunks: Uint32Array): Float32Array {
  const scales = new Float32Array(arena.dw.length);
  for (let i = 0; i < chunks.length; i += 4) {
    scales.fill(new Float32Array(chunks.buffer)[i + 3]!, 4 * chunks[i]!, 4 * chunks[i + 1]!);
  }
  return scales;
}
