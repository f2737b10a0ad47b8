import { readdirSync, readFileSync } from 'node:fs';

/** On all common Linux systems, the kernel counts processor time in hundredths of a second. */
const ticksPerSecond = 100;

/**
 * Seconds of processor time used by the processes of a group so far; undefined if that is unknown: on systems other than Linux, or
 * if the group has ended.
 */
export function secondsOfGroup(group: number): number | undefined {
  let seconds: number | undefined;
  for (const pid of processes()) {
    const stat = statOf(pid);
    if (!stat || Number(stat[2]) !== group) continue;
    seconds = (seconds ?? 0) + (Number(stat[11]) + Number(stat[12])) / ticksPerSecond;
  }
  return seconds;
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** The fields of /proc/<pid>/stat after the name, which may contain any characters: state, parent, group, ... */
function statOf(pid: string): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
