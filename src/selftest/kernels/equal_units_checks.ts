import { type EqualUnitsShape, equalUnits, packUnits, type UnitPlace } from '../../kernels/equal_units.ts';
import { blockWords, healthWords, inputField, layerField, recordWords } from '../../kernels/record.ts';
import { equalUnits as countEqual, inputStatistics } from '../../reference/health.ts';
import { expectSame, expectWithin } from '../compare.ts';
import { numbers } from '../numbers.ts';
import { unitRoundoff } from '../tolerance.ts';
import { floats, type KernelCheck } from './check_kernel.ts';
import { poison } from './guarded_launch.ts';
import { stateOf } from './state_words.ts';

/** A layer whose units are identical if they have the same `kind`. */
export interface UnitsCase {
  rows: number;
  units: number;
  bias?: boolean;
  kind?: (unit: number) => number;
}

export interface EqualUnitsCase {
  /** Undefined for a layer without a kernel. */
  layers: (UnitsCase | undefined)[];
  batch?: number;
  samples?: number;
  inputElements?: number;
  /** Mean of the batch's numbers. */
  mean?: number;
}

export function checkEqualUnits(it: EqualUnitsCase): KernelCheck<EqualUnitsShape> {
  const { layers, batch = 3, samples = batch, inputElements = 20, mean = 0.5 } = it;
  const [w, dw]: [number[], number[]] = [[], []];
  const places = layers.map((layer, l): UnitPlace | undefined => {
    if (!layer) return undefined;
    const { rows, units, bias = true, kind = (unit) => unit } = layer;
    const u = numbers(2 * (rows + 1) * units, 70 + l);
    const add = (row: number) => {
      for (let unit = 0; unit < units; unit++) {
        w.push(u[row * units + kind(unit)]!);
        dw.push(u[(rows + 1 + row) * units + kind(unit)]!);
      }
    };
    const kernel = w.length;
    for (let row = 0; row < rows; row++) add(row);
    if (bias) add(rows);
    return { kernel, rows, units, bias: bias ? kernel + rows * units : undefined };
  });
  const firstWord = recordWords(2);
  const record = { words: firstWord + healthWords(layers.length, 2), slots: 2 };
  const step = 5;
  const x = new Float32Array(new Uint32Array(batch * inputElements).fill(poison).buffer);
  x.set(numbers(samples * inputElements, 8).map((value) => mean + value));
  return {
    kernel: equalUnits,
    shape: {
      layers: layers.length,
      tensors: 2,
      units: Math.max(1, ...layers.map((layer) => layer?.units ?? 0)),
      weights: w.length,
      input: x.length,
      inputElements,
      record,
      firstWord,
    },
    given: {
      w: Float32Array.from(w),
      dw: Float32Array.from(dw),
      x,
      units: packUnits(places),
      state: stateOf({ step, count: samples }),
    },
    twin: (inputs) => ({
      records: (name, bits) => {
        const own = bits.subarray((step % record.slots) * record.words + firstWord);
        const expected = new Uint32Array(record.words - firstWord).fill(poison);
        for (const [l, place] of places.entries()) {
          expected[blockWords.layer * l + layerField.equal] = place
            ? countEqual(rowsOf(place, [inputs.w as Float32Array, inputs.dw as Float32Array]))
            : 0;
        }
        const at = blockWords.layer * layers.length + blockWords.tensor * 2;
        const found = floats(own.slice(at, at + blockWords.input));
        expectSame(name, own.slice(0, at), expected.subarray(0, at));
        const all = (inputs.x as Float32Array).subarray(0, samples * inputElements);
        const { mean, standardDeviation } = inputStatistics(all);
        const rounding = 4 * Math.min(4096, all.length) * unitRoundoff * (2 * Math.abs(mean) + 2 * standardDeviation);
        expectWithin(`${name}: the mean`, [found[inputField.mean]!], [mean], rounding);
        expectWithin(`${name}: the deviation`, [found[inputField.standardDeviation]!], [standardDeviation], rounding);
      },
    }),
  };
}

/** The rows of weights and gradients that the kernel compares. */
function rowsOf({ kernel, rows, units, bias }: UnitPlace, arenas: readonly Float32Array[]): Float32Array[] {
  const seen = Math.min(rows, 16);
  const firsts = Array.from({ length: seen }, (_, r) => kernel + Math.floor((r * rows) / seen) * units);
  return [...firsts, ...(bias === undefined ? [] : [bias])].flatMap((first) =>
    arenas.map((arena) => arena.subarray(first, first + units)),
  );
}
