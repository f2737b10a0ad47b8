import { nearest } from '../errors.ts';
import type { KernelVariants } from './variants.ts';

/** Parses a key of `KernelVariants` into kernel and shape; undefined if it is not such a key. */
function readKey(key: string): { name: string; shape: Record<string, unknown> } | undefined {
  const [, name, text] = /^(\w+) (\{.*\})$/.exec(key) ?? [];
  try {
    return name ? { name, shape: JSON.parse(text!) as Record<string, unknown> } : undefined;
  } catch {
    return undefined;
  }
}

/** The fields in which a shape differs from another one, in words: "batch 64, inChannels 3". */
function differing(shape: Record<string, unknown>, other: Record<string, unknown>): string {
  const names = [...new Set([...Object.keys(shape), ...Object.keys(other)])];
  const values = names
    .filter((name) => shape[name] !== other[name])
    .map((name) => (shape[name] === undefined ? `no ${name}` : `${name} ${shape[name]}`));
  return values.join(', ') || 'the same values in another order';
}

/**
 * A sentence for each entry that fits no kernel and shape of a network, with the nearest match. An entry for another batch size or with a
 * mistyped name would otherwise be ignored silently.
 *
 * @param fitting the keys of the network's kernels.
 */
export function unmatchedVariants(chosen: KernelVariants, fitting: readonly string[]): string[] {
  const known = fitting.flatMap((key) => readKey(key) ?? []);
  return Object.keys(chosen)
    .filter((key) => !fitting.includes(key))
    .map((key) => {
      const asked = readKey(key);
      if (!asked) return `kernelVariants has an entry that is not a kernel and its shape: ${key.slice(0, 80)}`;
      const same = known.filter(({ name }) => name === asked.name);
      if (same.length === 0) {
        const names = [...new Set(known.map(({ name }) => name))];
        const near = nearest(asked.name, names);
        const instead = near ? `did you mean ${near}?` : `it has ${names.join(', ') || 'no kernel with variants'}`;
        return `kernelVariants chooses a variant of ${asked.name}, which this network does not launch: ${instead}`;
      }
      const distances = same.map(({ shape }) => differing(asked.shape, shape).length);
      const { shape } = same[distances.indexOf(Math.min(...distances))]!;
      return (
        `kernelVariants chooses a variant of ${asked.name} for a shape that this network does not have: ` +
        `${differing(asked.shape, shape)}; the nearest has ${differing(shape, asked.shape)}`
      );
    });
}
