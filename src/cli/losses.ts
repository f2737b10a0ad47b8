/** Losses of Chrome or of the GPU in a row, without progress between them, that end a run. */
export const lossesInARow = 3;

/** Counts the losses of a run. */
export class Losses {
  private inARow = 0;

  /** @param progress how far the run is as it begins: a number that grows with it. */
  constructor(private progress: number) {}

  /** There was one. @param progress how far the run has come. @returns whether it is worth another try. */
  add(progress: number): boolean {
    this.inARow = progress > this.progress ? 1 : this.inARow + 1;
    this.progress = Math.max(progress, this.progress);
    return this.inARow < lossesInARow;
  }
}
