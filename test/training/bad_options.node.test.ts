import * as v from 'valibot';
import { expect, test } from 'vitest';
import { definitions as ops } from '../../src/augment/ops/index.ts';
import { integer, number, parse } from '../../src/check.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { layerDefinitions } from '../../src/model/layers/index.ts';
import { lossDefinitions } from '../../src/model/losses/index.ts';
import { metricDefinitions } from '../../src/model/metrics/index.ts';
import { optimizerDefinitions } from '../../src/model/optimizers/index.ts';
import { scheduleDefinitions } from '../../src/model/schedules/index.ts';
import { tutorialModel } from '../../src/model/tutorial.ts';
import { initializerSchemas } from '../../src/model/weight_options.ts';
import { callbackDefinitions } from '../../src/train/callbacks/index.ts';
import { fillTrainerOptions } from '../../src/train/fill_trainer_options.ts';
import { type FitOptions, fillFitOptions } from '../../src/train/fit_options.ts';
import type { TrainerOptions } from '../../src/train/trainer_options.ts';

// What errors about options say is expected.

type Entries = Record<string, v.GenericSchema>;

const definitions = {
  ...layerDefinitions,
  ...lossDefinitions,
  ...metricDefinitions,
  ...optimizerDefinitions,
  ...scheduleDefinitions,
  ...callbackDefinitions,
  ...Object.fromEntries(ops),
};
const schemas = Object.entries({
  ...Object.fromEntries(Object.entries(definitions).map(([type, { schema }]) => [type, schema])),
  ...initializerSchemas,
}) as [string, { entries: Entries }][];

/** One of them is invalid for each option. */
const values = [
  {},
  { zzz: 1 },
  [],
  [0.5],
  [0.5, -1, 2, 7, 9],
  ['a', 'b'],
  'zzz',
  '',
  true,
  null,
  -1.5,
  Number.NaN,
  () => 0,
];

const errorOf = (schema: v.GenericSchema, value: unknown): ConfigurationError | undefined => {
  try {
    parse(schema, value, 'it');
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error;
  }
  return undefined;
};

/** Words of valibot, and parentheses of which one is missing. */
const isBare = (expected: string) =>
  expected === '' ||
  /\b(?:Object|Array|never|undefined|unknown|Function|Invalid)\b|^(?:number|boolean)$|\w \| \w/.test(expected) ||
  expected.split('(').length !== expected.split(')').length;

test('errors about options say in words what is expected', () => {
  const bare: string[] = [];
  let errors = 0;
  for (const [type, { entries }] of schemas) {
    for (const [option, schema] of Object.entries(entries)) {
      for (const value of values) {
        const error = errorOf(v.strictObject({ [option]: schema }), { [option]: value });
        if (!error) continue;
        errors++;
        const { expected = '', what } = error.parts;
        if (isBare(expected)) bare.push(`${type}: ${what}: ${expected}`);
      }
    }
  }
  expect([...new Set(bare)]).toEqual([]);
  expect(errors).toBeGreaterThan(1000);
});

test('choices are separated by "or", and the nearest is suggested; a schema of its own words keeps them', () => {
  const choice = v.strictObject({ padding: v.optional(v.picklist(['valid', 'same'])) });
  expect(errorOf(choice, { padding: 'sane' })?.parts).toMatchObject({
    expected: '"valid" or "same"',
    fix: 'did you mean "same"?',
  });
  const own = v.strictObject({ padding: v.picklist(['valid', 'same'], 'Keras (and PyTorch) | others') });
  expect(errorOf(own, { padding: 'sane' })?.parts).toMatchObject({
    expected: 'Keras (and PyTorch) | others',
    fix: 'did you mean "same"?',
  });
  const schema = v.strictObject({ rate: number(0, 1, 'open'), rounds: integer(1), on: v.boolean() });
  expect(errorOf(schema, { rate: 1, rounds: 1, on: true })?.parts.expected).toBe(
    'a number from 0 to 1 (ends excluded)',
  );
  expect(errorOf(schema, { rate: 0.5, rounds: 1, on: 1 })?.parts.expected).toBe('true or false');
  expect(errorOf(schema, { rate: 0.5, rounds: 1 })?.parts).toMatchObject({
    what: 'it lacks on',
    expected: 'true or false',
  });
  expect(errorOf(schema, 5)?.parts.expected).toBe('an object');
});

test.each([
  ['kernelVariants', null, /variants, as in \{ 'dense_forward \{...\}': \{ quads: 4 \} \}/],
  ['kernelVariants', 'fast', /variants, as in /],
  ['kernelVariants', { 'dense_forward {}': 4 }, /variants, as in /],
] as const)('createTrainer with %s: %j', (name, value, expected) => {
  const model = tutorialModel();
  expect(() => fillTrainerOptions({ model, [name]: value } as unknown as TrainerOptions)).toThrow(expected);
});

test.each([
  [{ onStep: 5 }, 'a function'],
  [{ validationData: 5 }, 'a data set'],
  [{ sampleWeight: [1] }, 'a Float32Array'],
  [{ pace: 5 }, 'the result of createPace'],
  [{ onDeviceLost: 'reopn' }, '"throw" or "reopen"'],
  [{ keepHealth: 'no' }, 'true or false'],
  [{ checkpointEvery: {} }, '{ steps: n }, { epochs: n } or { seconds: n }'],
  [{ earlyStopping: 5 }, 'an object'],
])('fit with %j', async (options, expected) => {
  const error = await fillFitOptions(options as FitOptions).catch((error: unknown) => error);
  expect((error as ConfigurationError).parts.expected).toEqual(expected);
});
