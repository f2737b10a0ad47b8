import * as v from 'valibot';
import { ConfigurationError, suggest } from './errors.ts';

/** A finite number in a range; `wanted` in the error comes from here. */
export function number(least: number, most = Infinity, open: 'open' | 'closed' = 'closed') {
  const range =
    most === Infinity
      ? `a number ${open === 'open' ? '>' : '>='} ${least}`
      : `a number from ${least} to ${most}${open === 'open' ? ' (ends excluded)' : ''}`;
  return v.pipe(
    v.number(range),
    v.check((n) => Number.isFinite(n) && (open === 'open' ? n > least && n < most : n >= least && n <= most), range),
  );
}

/** An integer in a range. */
export function integer(least: number, most = Number.MAX_SAFE_INTEGER) {
  const range = most === Number.MAX_SAFE_INTEGER ? `an integer >= ${least}` : `an integer from ${least} to ${most}`;
  return v.pipe(
    v.number(range),
    v.check((n) => Number.isInteger(n) && n >= least && n <= most, range),
  );
}

/**
 * Parses a value by a schema of strict objects.
 *
 * @param subject what the value is, as the error's first words: "layer 3 (conv2d)".
 * @throws ConfigurationError with the option's path, what was found, what was wanted, and the nearest known name.
 */
export function parse<S extends v.GenericSchema>(schema: S, value: unknown, subject: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0]!;
  const path = (issue.path ?? []).map((item) => String(item.key)).join('.');
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = 'entries' in schema ? Object.keys(schema.entries as object) : [];
    throw new ConfigurationError({
      what: `${subject} has no option ${path}`,
      found: path,
      wanted: `one of ${known.join(', ')}`,
      fix: suggest(path, known),
    });
  }
  const missing = path !== '' && (issue.type === 'strict_object' || issue.input === undefined);
  // Our own messages say what is wanted; valibot's say "Invalid type: Expected ... but received ...".
  const wanted = issue.message.startsWith('Invalid') ? (issue.expected ?? issue.message) : issue.message;
  const choices = issue.type === 'picklist' ? [...wanted.matchAll(/"([^"]+)"/g)].map((m) => m[1]!) : [];
  throw new ConfigurationError({
    what: missing ? `${subject} lacks ${path}` : `${subject}: ${path || 'it'} makes no sense`,
    found: missing ? 'nothing' : issue.input,
    wanted: wanted.replaceAll('(', '').replaceAll(')', '').replaceAll(' | ', ' or '),
    ...(choices.length && typeof issue.input === 'string' && { fix: suggest(issue.input, choices) }),
  });
}
