import { spawnSync } from 'node:child_process';

/** How apt-get can be called without asking anybody: as root, or through a sudo that wants no password. */
function aptGet(): string[] | undefined {
  if (!runs(['apt-get', '--version'])) return undefined;
  if (process.getuid?.() === 0) return ['apt-get'];
  return runs(['sudo', '-n', 'true']) ? ['sudo', '-n', 'apt-get'] : undefined;
}

function runs([program, ...args]: string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/**
 * Installs a Debian package where that is possible without a question; says each command before it runs.
 * Waits for another apt-get's lock, since a test run may start two of us.
 *
 * @returns whether the package is installed now.
 */
export function aptInstall(name: string, report: (line: string) => void): boolean {
  const apt = aptGet();
  if (!apt) return false;
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', name]]) {
    const [program, ...rest] = [...apt, '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0', '-qq', ...args];
    report(`$ ${[...apt, ...args].join(' ')}`);
    const { status } = spawnSync(program, rest, {
      // apt-get's own words go where ours go: stdout belongs to the training run.
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 600_000,
    });
    // A stale index may still be good enough to install from.
    if (status !== 0 && args[0] === 'install') return false;
  }
  return true;
}
