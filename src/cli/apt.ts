import { spawnSync } from 'node:child_process';
import { confirm } from './confirm.ts';

/** How a command installs missing software. */
export interface InstallOptions {
  /** The flag `--yes`: install system packages without asking. */
  yes?: boolean;
  report?: (line: string) => void;
}

/** A Debian package, and the approximate size of its download in megabytes. */
export interface DebianPackage {
  name: string;
  megabytes: number;
}

/** The command that runs apt-get without a password: as root, or through a sudo that asks for none. */
function aptGet(): string[] | undefined {
  if (!runs(['apt-get', '--version'])) return undefined;
  if (process.getuid?.() === 0) return ['apt-get'];
  return runs(['sudo', '-n', 'true']) ? ['sudo', '-n', 'apt-get'] : undefined;
}

function runs([program, ...args]: string[]): boolean {
  return spawnSync(program!, args, { stdio: 'ignore' }).status === 0;
}

/**
 * Installs a Debian package if apt-get needs no password. A system package affects every user, so it asks at the terminal first;
 * `yes` answers for the user, and without a terminal nothing is installed. Waits for another apt-get's lock, since a test run may
 * start two.
 *
 * @returns whether the package is installed now.
 */
export async function aptInstall(
  { name, megabytes }: DebianPackage,
  { yes = false, report = console.error }: InstallOptions = {},
): Promise<boolean> {
  const apt = aptGet();
  if (!apt) return false;
  const size = `about ${megabytes} MB to download`;
  if (yes) report(`Installing the Debian package ${name}, ${size}, because of --yes.`);
  else if (!(await confirm(`Install the Debian package ${name} (${size}) with ${apt.join(' ')}?`))) return false;
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', name]]) {
    const [program, ...rest] = [...apt, '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0', '-qq', ...args];
    report(`$ ${[...apt, ...args].join(' ')}`);
    const { status } = spawnSync(program!, rest, {
      // apt-get's output goes to stderr, like wgrad's own messages: stdout is reserved for the training run.
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 600_000,
    });
    // If the index could not be updated, the old one may still be sufficient.
    if (status !== 0 && args[0] === 'install') return false;
  }
  return true;
}

/** Whether `--yes` is sufficient to install packages on this machine. */
export const canInstall = (): boolean => aptGet() !== undefined;

/** The beginning of an error's fix: the option that lets wgrad install a package, if it can. */
export const installAdvice = (): string => (canInstall() ? 'add --yes to let wgrad install it with apt-get, or ' : '');
