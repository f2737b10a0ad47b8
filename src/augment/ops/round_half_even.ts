/** Rounds halves to the even neighbor, as Python and PyTorch do. */
export function roundHalfEven(x: number): number {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 !== 0 ? near - 1 : near;
}
