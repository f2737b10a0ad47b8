import * as v from 'valibot';

/** The limits of a schema made by check.ts or valibot, which keeps them with the check. */
export interface Limits {
  kind: 'number' | 'integer' | 'range' | 'numberOrRange' | 'numberOrList' | 'numberOrVariant' | 'layers';
  least: number;
  most: number;
  /** For a number or a variant: the types of objects that may take the number's place. */
  variants?: Readonly<Record<string, { schema: v.GenericSchema }>>;
}

/** One option of an op, a layer or an optimizer as plain JSON: what a form for it needs to know. */
export interface OptionFacts {
  /** Its name. */
  name: string;
  /**
   * `range` is [low, high], `numberOrList` a number or some to choose from, `numberOrVariant` a number or an object whose
   * `type` is one of `variants`, `layers` a list of names of layers; `other` has a shape of its own.
   */
  kind: Limits['kind'] | 'boolean' | 'choice' | 'other';
  /** Left out where it has to be given. */
  default?: unknown;
  /** The limits of a number, and of both ends of a range; left out if there is none. */
  least?: number;
  /** The largest value that it may have. */
  most?: number;
  /** The values of a choice. */
  choices?: readonly (string | number)[];
  /** An object that may take the place of a number: its type and its options. */
  variants?: readonly { type: string; options: readonly OptionFacts[] }[];
}

type Schema = v.GenericSchema<unknown, unknown>;

/** The options of a schema of strict objects, its `type` aside, in the order in which it lists them. */
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
    // Larger numbers than that are no limit that anybody means.
    ...(most !== undefined && most < Number.MAX_SAFE_INTEGER && { most }),
    ...(variants && {
      variants: Object.entries(variants).map(([type, { schema }]) => ({
        type,
        options: describeOptions(schema as Schema),
      })),
    }),
  };
}

/** Without what makes it optional or nullable. */
function unwrap(schema: Schema): Schema {
  const { wrapped } = schema as { wrapped?: Schema };
  return wrapped ? unwrap(wrapped) : schema;
}
