export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);

/** Workgroup counts for a one-dimensional range. WebGPU allows 65,535 per dimension, so a longer range is folded into rows. */
export function spread(invocations: number, workgroupSize = 64): [number, number] {
  const groups = Math.max(1, ceilDiv(invocations, workgroupSize));
  const rows = ceilDiv(groups, 65535);
  return [ceilDiv(groups, rows), rows];
}
