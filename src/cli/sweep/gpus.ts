import { readdirSync } from 'node:fs';

/** Number of GPUs in this machine; 1 if unknown. */
export function gpus(): number {
  try {
    const nvidia = readdirSync('/dev').filter((name) => /^nvidia\d+$/.test(name)).length;
    return Math.max(1, nvidia || readdirSync('/dev/dri').filter((name) => name.startsWith('renderD')).length);
  } catch {
    return 1;
  }
}
