import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Number of GPUs in this machine, or in this container; 1 if unknown. */
export function gpus(devices = '/dev'): number {
  const count = (folder: string, pattern: RegExp): number => {
    try {
      return readdirSync(folder).filter((name) => pattern.test(name)).length;
    } catch {
      return 0; // another system than Linux, or no driver
    }
  };
  // The driver of a server's NVIDIA GPUs may come without render nodes, and a render node may be the graphics of its board.
  return Math.max(1, count(devices, /^nvidia\d+$/) || count(join(devices, 'dri'), /^renderD\d+$/));
}
