import { readdirSync, readFileSync } from 'node:fs';

// Uses /proc, so only on Linux, because a minimal system has no ps.

/** State and parent of a process; undefined if it doesn't exist. */
function lookUp(pid: number): { state: string; parent: number } | undefined {
  try {
    // "pid (name) state parent ...", where the name may contain any characters.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: state!, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** All descendants of a process, parents first. */
export function descendants(pid: number): number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  const below = (parent: number): number[] =>
    all.filter((it) => lookUp(it)?.parent === parent).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

/** A zombie, which has ended but was not yet waited for, does not count as alive. */
export function isAlive(pid: number): boolean {
  const found = lookUp(pid);
  return found !== undefined && found.state !== 'Z';
}

/** Chrome's processes of a type among a process's descendants: `gpu-process`, or `renderer`, which may include spare ones. */
function chromeProcesses(pid: number, type: string): number[] {
  // Arguments end with a zero byte, or with a space if Chrome has rewritten its title.
  const argument = new RegExp(`[\\0 ]--type=${type}[\\0 ]`);
  const found = descendants(pid).filter((it) => argument.test(read(it, 'cmdline')));
  if (found.length === 0) throw new Error(`no process of the type ${type} below ${pid}`);
  return found;
}

export function signalChrome(pid: number, type: string, signal: NodeJS.Signals): void {
  for (const it of chromeProcesses(pid, type)) process.kill(it, signal);
}

/** The living processes with a variable in their environment, however they were started. */
export function processesWith(variable: string): number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return all.filter((pid) => read(pid, 'environ').split('\0').includes(variable) && isAlive(pid));
}

function read(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // The process has ended or belongs to another user.
  }
}
