import type { Traits } from '../../gpu/device.ts';
import {
  type ApplyShape,
  type MatricesShape,
  type MuonMomentumShape,
  type MuonShape,
  muon,
  muonMomentum,
  newtonSchulz,
  newtonSchulzApply,
  newtonSchulzGram,
  newtonSchulzPolynomial,
  newtonSchulzProduct,
  newtonSchulzScale,
  type ScaleShape,
  type SquareProductShape,
} from '../../kernels/muon.ts';
import type { FilledOptimizerOf } from '../../model/optimizers/index.ts';
import { layOutMatrices, type MatrixPass } from '../../plan/matrices.ts';
import { updateTensor } from '../../reference/train.ts';
import { expectSame, expectWithin } from '../compare.ts';
import { numbers } from '../numbers.ts';
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

/** Rows and columns of matrix tensors, or the number of elements of others. */
export type MatrixTensors = readonly (readonly [number, number] | number)[];

const sizeOf = (tensor: MatrixTensors[number]) => (typeof tensor === 'number' ? tensor : tensor[0] * tensor[1]);

/** The arenas of such tensors, and the tables of their matrices. */
function laidOut(tensors: MatrixTensors, traits: Traits, scale = 1) {
  const arena = arenaOf(tensors.map(sizeOf), scale);
  const places = arena.tensors.map((tensor) => ({ offset: tensor.byteOffset - arena.dw.byteOffset }));
  const layout = layOutMatrices(
    places,
    tensors.map((tensor) => (typeof tensor === 'number' ? undefined : tensor)),
    traits,
  );
  const matrices = Array.from({ length: layout.table.length / 12 }, (_, i) => {
    const [first, tensor, transposed, , rows, columns, quads, , x, parts, square, slices] = layout.table.subarray(
      12 * i,
    );
    return {
      ...{ first: first!, tensor: tensor!, transposed: transposed === 1, rows: rows!, columns: columns! },
      ...{ width: 4 * quads!, x: 4 * x!, parts: 4 * parts!, square: 4 * square!, slices: slices! },
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

/** Numbers in the layout of x: rows are zero-padded to whole vec4s. */
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

export function checkMuonMomentum(c: MomentumCase, traits: Traits): KernelCheck<MuonMomentumShape> {
  const { arena, matrices, of } = laidOut(c.tensors, traits);
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
        // Tensors that are not matrices must keep their bits.
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

/** x^T x over a range of rows, for numbers in the layout of x. */
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
    const share = 4 * Math.ceil(Math.ceil(it.rows / 4) / it.slices);
    for (let s = 0; s < it.slices; s++) {
      const rows = [s * share, Math.max(s * share, Math.min(it.rows, (s + 1) * share))] as const;
      parts.set(gramOf(it, x, rows), it.parts + s * it.width ** 2);
    }
  }
  return parts;
};

export function checkNewtonSchulzGram(tensors: MatrixTensors, traits: Traits): KernelCheck<MatricesShape> {
  const { matrices, of } = laidOut(tensors, traits);
  const { shape, tables } = of('gram');
  return {
    kernel: newtonSchulzGram,
    shape,
    given: { ...tables, x: ofX(shape, matrices, 7) },
    twin: ({ x }) => {
      const parts = partsOf(matrices, 4 * shape.parts, x!);
      const magnitude = partsOf(matrices, 4 * shape.parts, x!.map(Math.abs));
      const terms = Math.max(...matrices.map(({ rows, slices }) => Math.ceil(rows / slices) + 4));
      return { parts: within(parts, boundOf(tolerances.newton_schulz, parts, { terms, magnitude })) };
    },
  };
}

/** In a pair of halves, the written half must be near the expected numbers and the other half unchanged. */
const onlyHalf =
  (values: Numbers, bound: Numbers, half: 0 | 1): Verify =>
  (name, bits) => {
    const [from, to] = [(half * bits.length) / 2, ((half + 1) * bits.length) / 2];
    expectWithin(name, floats(bits).slice(from, to), values, bound);
    const elsewhere = bits.filter((_, i) => i < from || i >= to);
    expectSame(`${name}, elsewhere`, elsewhere, elsewhere.slice().fill(poison));
  };

export function checkNewtonSchulzScale(
  tensors: MatrixTensors,
  normalizes: boolean,
  traits: Traits,
): KernelCheck<ScaleShape> {
  const { matrices, of } = laidOut(tensors, traits);
  const { shape, tables } = of('scale');
  // Numbers as large as gradients may be.
  const x = ofX(shape, matrices, 7).map((u) => 100 * u);
  return {
    kernel: newtonSchulzScale,
    shape: { ...shape, normalizes },
    given: { ...tables, parts: Float32Array.from(partsOf(matrices, 4 * shape.parts, x)) },
    twin: ({ parts }) => {
      const [y, magnitude] = [new Float64Array(4 * shape.squares), new Float64Array(4 * shape.squares)];
      const s = new Float64Array(matrices.length);
      for (const [m, { parts: at, square: to, width, slices }] of matrices.entries()) {
        const size = width ** 2;
        const sum = (i: number, of: (x: number) => number) =>
          Array.from({ length: slices }, (_, slice) => of(parts![at + slice * size + i]!)).reduce((a, b) => a + b, 0);
        const trace = Array.from({ length: width }, (_, i) => sum(i * width + i, (x) => x)).reduce((a, b) => a + b, 0);
        s[m] = normalizes ? 1 / (Math.sqrt(trace) + 1e-7) : 1;
        for (let i = 0; i < size; i++) {
          y[to + i] = s[m]! ** 2 * sum(i, (x) => x);
          magnitude[to + i] = s[m]! ** 2 * sum(i, Math.abs);
        }
      }
      const terms = Math.max(...matrices.map(({ columns, slices }) => columns + 2 * slices)) + 8;
      const bound = (of: Numbers, size: Numbers) => boundOf(tolerances.newton_schulz, of, { terms, magnitude: size });
      return { y: onlyHalf(y, bound(y, magnitude), 0), ...(normalizes && { s: within(s, bound(s, s)) }) };
    },
  };
}

/**
 * Symmetric matrices that are polynomials of each other, in the layout of square matrices, so that their products are symmetric.
 */
function squaresOf(matrices: readonly Matrix[], length: number, polynomial: (g: number, eye: number) => number) {
  const squares = new Float64Array(length);
  for (const [m, { square, width, columns }] of matrices.entries()) {
    const u = numbers(width, 7 + m);
    for (let i = 0; i < columns; i++) {
      // For a matrix of rank one, the square is a multiple of the matrix.
      for (let j = 0; j < columns; j++) squares[square + i * width + j] = polynomial(u[i]! * u[j]!, Number(i === j));
    }
  }
  return Float32Array.from(squares);
}

/** The product of the square matrices in x, starting at an offset, with those in p. */
function productOf(matrices: readonly Matrix[], x: ArrayLike<number>, begins: number, p: ArrayLike<number>): Numbers {
  const y = new Float64Array(p.length);
  for (const { square, width } of matrices) {
    for (let i = 0; i < width; i++) {
      for (let j = 0; j < width; j++) {
        for (let k = 0; k < width; k++)
          y[square + i * width + j]! += x[begins + square + i * width + k]! * p[square + k * width + j]!;
      }
    }
  }
  return y;
}

export function checkNewtonSchulzPolynomial(tensors: MatrixTensors, traits: Traits): KernelCheck<MatricesShape> {
  const { matrices, of } = laidOut(tensors, traits);
  const { shape, tables } = of('square');
  const { a, b, c } = newtonSchulz;
  const x = new Float32Array(8 * shape.squares);
  x.set(squaresOf(matrices, 4 * shape.squares, (g) => 0.2 * g));
  return {
    kernel: newtonSchulzPolynomial,
    shape,
    given: { ...tables, x },
    twin: ({ x }) => {
      const whole = x!.subarray(0, 4 * shape.squares);
      const fill = (g: ArrayLike<number>, sign: (x: number) => number) => {
        const p = productOf(matrices, g, 0, g).map((squared, i) => c * squared + sign(b) * g[i]!);
        for (const { square, width } of matrices) for (let i = 0; i < width; i++) p[square + i * width + i]! += a;
        return p;
      };
      const p = fill(whole, (x) => x);
      const magnitude = fill(whole.map(Math.abs), Math.abs);
      const terms = Math.max(...matrices.map(({ width }) => width)) + 8;
      return { p: within(p, boundOf(tolerances.newton_schulz, p, { terms, magnitude })) };
    },
  };
}

export function checkNewtonSchulzProduct(
  tensors: MatrixTensors,
  { of: which, second }: Pick<SquareProductShape, 'of' | 'second'>,
  traits: Traits,
): KernelCheck<SquareProductShape> {
  const { matrices, of } = laidOut(tensors, traits);
  const { shape, tables } = of(which === 'both' ? 'pair' : 'square');
  const half = 4 * shape.squares;
  const x = new Float32Array(2 * half);
  x.set(squaresOf(matrices, half, (g) => 0.2 * g));
  x.set(
    squaresOf(matrices, half, (g, eye) => eye - 0.3 * g),
    half,
  );
  return {
    kernel: newtonSchulzProduct,
    shape: { ...shape, of: which, ...(second && { second }) },
    given: { ...tables, x, p: squaresOf(matrices, half, (g, eye) => 2 * eye - 0.1 * g) },
    twin: ({ x, p }) => {
      const terms = Math.max(...matrices.map(({ width }) => width));
      const halves = ([0, 1] as const).filter((i) => which === 'both' || i === Number(which === 'second'));
      const parts = halves.map((i) => {
        const y = productOf(matrices, x!, i * half, p!);
        const magnitude = productOf(matrices, x!.map(Math.abs), i * half, p!.map(Math.abs));
        return { y, bound: boundOf(tolerances.newton_schulz, y, { terms, magnitude }) };
      });
      const [one] = parts as [(typeof parts)[0]];
      if (which !== 'both' && !second) return { y: onlyHalf(one.y, one.bound, which === 'second' ? 1 : 0) };
      const other = second === 'keeps' ? x!.subarray(half) : p!;
      const two = which === 'both' ? parts[1]! : { y: Float64Array.from(other), bound: new Float64Array(half) };
      const joined = (a: Numbers, b: Numbers) => Float64Array.from([...a, ...b]);
      return { y: within(joined(one.y, two.y), joined(one.bound, two.bound)) };
    },
  };
}

export function checkNewtonSchulzApply(
  tensors: MatrixTensors,
  { last, scaled, q: where }: Pick<ApplyShape, 'last' | 'scaled' | 'q'>,
  traits: Traits,
): KernelCheck<ApplyShape> {
  const { arena, matrices, of } = laidOut(tensors, traits);
  const { shape, tables } = of('apply');
  const begins = where === 'second' ? 4 * shape.squares : 0;
  return {
    kernel: newtonSchulzApply,
    shape: { ...shape, last, scaled, q: where },
    given: {
      ...tables,
      x: ofX(shape, matrices, 7),
      q: Float32Array.from(numbers(begins + 4 * shape.squares, 8)),
      ...(scaled && { s: Float32Array.from(matrices, (_, i) => 2 + i) }),
    },
    twin: ({ x, q, s }) => {
      const terms = Math.max(...matrices.map(({ width }) => width)) + 1;
      const length = 4 * (last ? arena.elements : shape.x);
      const [y, magnitude, written] = [new Float64Array(length), new Float64Array(length), new Uint8Array(length)];
      for (const [m, it] of matrices.entries()) {
        for (let row = 0; row < (last ? it.rows : 4 * Math.ceil(it.rows / 4)); row++) {
          for (let column = 0; column < (last ? it.columns : it.width); column++) {
            const at = last ? placeOf(it, row, column) : it.x + row * it.width + column;
            written[at] = 1;
            for (let k = 0; k < it.width; k++) {
              const term =
                (s?.[m] ?? 1) * x![it.x + row * it.width + k]! * q![begins + it.square + k * it.width + column]!;
              y[at]! += term;
              magnitude[at]! += Math.abs(term);
            }
          }
        }
        // The kernel zero-pads to a whole vec4.
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

/** Checks the last dispatch, given the updates of the matrices. */
export function checkMuon(c: MuonCase, traits: Traits): KernelCheck<MuonShape> {
  const { arena } = laidOut(c.tensors, traits, c.scale);
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

/** For each element, the fourth word of its chunk. */
function scaleByElement(arena: Arena, chunks: Uint32Array): Float32Array {
  const scales = new Float32Array(arena.dw.length);
  for (let i = 0; i < chunks.length; i += 4) {
    scales.fill(new Float32Array(chunks.buffer)[i + 3]!, 4 * chunks[i]!, 4 * chunks[i + 1]!);
  }
  return scales;
}
