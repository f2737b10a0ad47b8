import { readdirSync, readFileSync } from 'node:fs';

// By /proc, so on Linux alone: a bare system has no ps.

/** State and parent of a process, undefined where there is none. */
function lookUp(pid: number): { state: string; parent: number } | undefined {
  try {
    // "pid (name) state parent ...", and a name may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** What a process started, and what that started, parents first. */
export function descendants(pid: number): number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const below = (parent: number): number[] =>
    all.filter((it) => lookUp(it)?.parent === parent).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

/** A process that has ended and that nobody has asked about yet, a zombie, is not alive. */
export function isAlive(pid: number): boolean {
  const found = lookUp(pid);
  return found !== undefined && found.state !== 'Z';
}
