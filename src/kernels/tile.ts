import type { Traits } from '../gpu/device.ts';
import type { Variant } from '../gpu/kernel.ts';

/**
 * The two forms of the kernels that keep 8 x 4 sums in registers: where a subgroup is exactly four invocations
 * (SwiftShader, whose loads cost several times the arithmetic that they feed) neighbours load for each other.
 */
export function registerTiles(_shape: unknown, traits: Traits): Variant[] {
  const alone = { subgroups: false };
  return traits.subgroupSize === 4 ? [{ subgroups: true }, alone] : [alone];
}
