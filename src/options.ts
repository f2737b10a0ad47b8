import * as v from 'valibot';

/** The limits of a schema made by check.ts or valibot, which stores them with the check. */
export interface Limits {
  kind: 'number' | 'integer' | 'range' | 'numberOrRange' | 'numberOrList' | 'numberOrVariant' | 'layers';
  least: number;
  most: number;
  /** For a number or a variant: the object types that may replace the number. */
  variants?: Readonly<Record<string, { schema: v.GenericSchema }>>;
}

/** One option of an op, a layer or an optimizer as plain JSON, with everything that a form needs. */
export interface OptionFacts {
  /** Its name. */
  name: string;
  /**
   * `range` is [low, high], `numberOrList` a number or several to choose from, `numberOrVariant` a number or an object whose `type`
   * is one of `variants`, `layers` a list of layer names; `other` has a structure of its own.
   */
  kind: Limits['kind'] | 'boolean' | 'choice' | 'other';
  /** Left out if the option is required. */
  default?: unknown;
  /** The smallest value of a number, or of both ends of a range; left out if there is no limit. */
  least?: number;
  /** The largest value; left out if there is no limit. */
  most?: number;
  /** The allowed values of a choice. */
  choices?: readonly (string | number)[];
  /** Objects that may replace a number: their types and options. */
  variants?: readonly { type: string; options: readonly OptionFacts[] }[];
}

type Schema = v.GenericSchema<unknown, unknown>;

/** The options of a schema of strict objects, without `type`, in the schema's order. */
export function describeOptions(schema: Schema): OptionFacts[] {
  const { entries = {} } = schema as { entries?: Record<string, Schema> };
  return Object.entries(entries).flatMap(([name, entry]) => (name === 'type' ? [] : [describe(name, entry)]));
}

function describe(name: string, entry: Schema): OptionFacts {
  const { default: byDefault } = entry as { default?: unknown };
  const inner = unwrap(entry);
  const { type, options } = inner as { type: string; options?: readonly (string | number)[] };
  const known = { name, ...(byDefault !== undefined && { default: byDefault }) };
  if (type === 'boolean') return { ...known, kind: 'boolean' };
  if (type === 'picklist') return { ...known, kind: 'choice', choices: options };
  const { kind, least, most, variants } = v.getMetadata(inner as never) as Partial<Limits>;
  if (!kind) return { ...known, kind: type === 'number' ? 'number' : 'other' };
  return {
    ...known,
    kind,
    ...(Number.isFinite(least) && { least }),
    // A limit of the largest safe integer is a technical one, which is not worth showing.
    ...(most !== undefined && most < Number.MAX_SAFE_INTEGER && { most }),
    ...(variants && {
      variants: Object.entries(variants).map(([type, { schema }]) => ({
        type,
        options: describeOptions(schema as Schema),
      })),
    }),
  };
}

/** The schema without its optional or nullable wrappers. */
function unwrap(schema: Schema): Schema {
  const { wrapped } = schema as { wrapped?: Schema };
  return wrapped ? unwrap(wrapped) : schema;
}
