import { readdirSync, readFileSync } from 'node:fs';

// By /proc, so on Linux alone: a bare system has no ps.

/** State and parent of a process, undefined where there is none. */
function lookUp(pid: number): { state: string; parent: number } | undefined {
  try {
    // "pid (name) state parent ...", and a name may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: state!, parent: Number(parent) };
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

/** Of what a process started, Chrome's processes of a type: `gpu-process`, or `renderer`, of which there may be spare ones. */
function chromeProcesses(pid: number, type: string): number[] {
  // Arguments end with a zero byte, or with a space where Chrome has written its title anew.
  const argument = new RegExp(`[\\0 ]--type=${type}[\\0 ]`);
  const found = descendants(pid).filter((it) => argument.test(read(it, 'cmdline')));
  if (found.length === 0) throw new Error(`no process of the type ${type} below ${pid}`);
  return found;
}

export function signalChrome(pid: number, type: string, signal: NodeJS.Signals): void {
  for (const it of chromeProcesses(pid, type)) process.kill(it, signal);
}

/** The living processes that were started with a variable in their environment, by whatever ways. */
export function processesWith(variable: string): number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return all.filter((pid) => read(pid, 'environ').split('\0').includes(variable) && isAlive(pid));
}

function read(pid: number, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it has ended, or is another user's
  }
}
