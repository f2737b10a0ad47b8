import * as v from 'valibot';
import { integer } from '../../check.ts';
import { defineSchedule, rate } from '../schedule_definition.ts';

/** Limited by the size of the schedule's buffer on the GPU. */
const mostBoundaries = 100;

/**
 * Keras' PiecewiseConstantDecay: values[0] up to and including boundaries[0], then values[1] up to boundaries[1], and so on;
 * the last value after the last boundary. There is one more value than there are boundaries, of which at most 100 are allowed.
 */
export const piecewiseConstantDecaySchedule = defineSchedule({
  type: 'piecewiseConstantDecay',
  schema: v.strictObject({
    type: v.literal('piecewiseConstantDecay'),
    boundaries: v.pipe(
      v.array(integer(0, 2 ** 31), 'a list of integers'),
      v.check(({ length }) => length >= 1 && length <= mostBoundaries, `1 to ${mostBoundaries} boundaries`),
    ),
    values: v.array(rate(), 'a list of numbers'),
  }),
  starter: (steps, first) => ({
    boundaries: [Math.ceil(steps / 2), Math.ceil((3 * steps) / 4)],
    values: [first, first / 10, first / 100],
  }),
  conflict: ({ boundaries, values }) => {
    const wrong = boundaries.findIndex((boundary, i) => i > 0 && boundary <= boundaries[i - 1]!);
    if (wrong > 0) {
      return {
        what: 'The boundaries of piecewiseConstantDecay do not increase',
        found: boundaries,
        expected: `a number above ${boundaries[wrong - 1]} after ${boundaries[wrong - 1]}`,
      };
    }
    if (values.length === boundaries.length + 1) return undefined;
    return {
      what: 'piecewiseConstantDecay needs one value more than it has boundaries',
      found: `${boundaries.length} boundaries and ${values.length} values`,
      expected: `${boundaries.length + 1} values`,
    };
  },
  rate: ({ boundaries, values }, step) => values[boundaries.filter((boundary) => step > boundary).length]!,
  parameters: ({ boundaries }) => ({ boundaries: boundaries.length }),
  list: ({ boundaries, values }) => ({ integers: boundaries, floats: values }),
  length: ({ boundaries }) => boundaries.at(-1)! + 1,
  lasts: true,
});
