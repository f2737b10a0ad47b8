/** Python's and PyTorch's round: halves go to the even neighbour. */
export function roundHalfEven(x: number): number {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 !== 0 ? near - 1 : near;
}
