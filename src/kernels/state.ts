import stateStruct from '../../shaders/lib/state.wgsl?raw';

/**
 * The fields of `struct State` in shaders/lib/state.wgsl, in order. They are parsed from its text, so that the two can't
 * differ.
 */
export const stateFields: readonly string[] = [...stateStruct.matchAll(/^\s*(\w+): ?(?:u32|f32),/gm)].map((m) => m[1]!);

export const stateWords = stateFields.length;

/** WGSL text of the struct, for the shaders that read it. */
export const stateSource = `\n${stateStruct}`;

/** The fields of a State that the host writes; omitted ones are zero. */
export type StateValues = Partial<Record<string, number>>;

const floats = new Set([...stateStruct.matchAll(/^\s*(\w+): ?f32,/gm)].map((m) => m[1]!));

/** Packs a whole State, or its words up to the last field given. The fields that the host owns come first in it. */
export function packState(values: StateValues): ArrayBuffer {
  const last = Math.max(...Object.keys(values).map((name) => stateFields.indexOf(name)));
  const bytes = new ArrayBuffer((last + 1) * 4);
  const view = new DataView(bytes);
  for (const [name, value] of Object.entries(values)) {
    const at = stateFields.indexOf(name) * 4;
    if (floats.has(name)) view.setFloat32(at, value!, true);
    else view.setUint32(at, value!, true);
  }
  return bytes;
}
