import * as v from 'valibot';
import { ConfigurationError, suggest } from './errors.ts';
import type { Limits } from './options.ts';

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Schema of a finite number in a range. The error's `expected` is derived from the bounds. */
export function number(least: number, most = Infinity, open: 'open' | 'closed' = 'closed') {
  const range =
    most === Infinity
      ? `a number ${open === 'open' ? '>' : '>='} ${least}`
      : `a number from ${least} to ${most}${open === 'open' ? ' (ends excluded)' : ''}`;
  return v.pipe(
    v.number(range),
    v.check((n) => Number.isFinite(n) && (open === 'open' ? n > least && n < most : n >= least && n <= most), range),
    v.metadata({ kind: 'number', least, most } satisfies Limits),
  );
}

/** Schema of an integer in a range. */
export function integer(least: number, most = Number.MAX_SAFE_INTEGER) {
  const range = most === Number.MAX_SAFE_INTEGER ? `an integer >= ${least}` : `an integer from ${least} to ${most}`;
  return v.pipe(
    v.number(range),
    v.check((n) => Number.isInteger(n) && n >= least && n <= most, range),
    v.metadata({ kind: 'integer', least, most } satisfies Limits),
  );
}

/**
 * Parses a value with a schema of strict objects.
 *
 * @param subject names the value at the beginning of the error: "layer 3 (conv2d)".
 * @throws ConfigurationError with the path of the option, what was found, what was expected, and the nearest known name.
 */
export function parse<S extends v.GenericSchema>(schema: S, value: unknown, subject: string): v.InferOutput<S> {
  const entries = 'entries' in schema ? (schema.entries as Record<string, v.GenericSchema>) : {};
  const strict = schema.type === 'strict_object' && isObject(value);
  // Unknown names are checked first: otherwise a misspelled name would be reported as a missing option.
  const unknown = strict ? Object.keys(value).find((name) => !(name in entries)) : undefined;
  if (unknown !== undefined) throw unknownOption(subject, unknown, Object.keys(entries));
  const result = v.safeParse(schema, value, { abortEarly: true, message: expectation });
  if (result.success) return result.output;
  const issue = result.issues[0]!;
  const path = (issue.path ?? []).map((item) => String(item.key)).join('.');
  if (issue.type === 'strict_object' && issue.expected === 'never') throw unknownOption(subject, path, []);
  const missing = path !== '' && (issue.type === 'strict_object' || issue.input === undefined);
  const { message: expected } =
    (missing && entries[path] && v.safeParse(entries[path], undefined, { message: expectation }).issues?.[0]) || issue;
  const choices = issue.type === 'picklist' ? [...issue.expected!.matchAll(/"([^"]+)"/g)].map((m) => m[1]!) : [];
  throw new ConfigurationError({
    ...(missing ? about(`${subject} `, `lacks ${path}`) : about(`${subject}: `, `${path || 'it'} is invalid`)),
    found: missing ? 'nothing' : issue.input,
    expected,
    ...(choices.length && typeof issue.input === 'string' && { fix: suggest(issue.input, choices) }),
    ...(path && { place: path.split('.') }),
  });
}

const about = (subject: string, problem: string) => ({ what: subject + problem, problem });

/** The error of an option that does not exist, with the nearest name of one that does. */
export function unknownOption(subject: string, name: string, known: readonly string[]): ConfigurationError {
  return new ConfigurationError({
    ...about(`${subject} `, `has no option ${name}`),
    found: name,
    ...(known.length > 0 && { expected: `one of ${known.join(', ')}`, fix: suggest(name, known) }),
    place: [name],
  });
}

/** Valibot's names of types, in words. */
const words: Record<string, string> = {
  Object: 'an object',
  Array: 'a list',
  boolean: 'true or false',
};

/**
 * Replaces valibot's own messages, "Invalid type: Expected ("a" | "b") but received ...", by what they expect, in words: "a" or "b".
 * Schemas that have a message of their own keep it.
 */
const expectation = ({ message, expected }: v.BaseIssue<unknown>): string =>
  expected
    ?.replace(/[()]/g, '')
    .replaceAll(' | ', ' or ')
    .replace(/^\w+$/, (name) => words[name] ?? name) ?? message;
