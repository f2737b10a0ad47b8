import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const isThere = (program: string, argument: string): boolean =>
  spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;

const isHere = isThere('redis-server', '--version');

export const howToInstall = 'redis-server is not installed: sudo apt-get install redis-server';

/** Without Redis, tests that need it are skipped on a user's machine and fail in CI. */
export const skipsRedis = !isHere && !process.env.CI;

/** Tests of TLS also need openssl, to make a certificate. */
export const skipsTls = !isThere('openssl', 'version') && !process.env.CI;

export function requireRedis(): void {
  if (!isHere) throw new Error(howToInstall);
}

/** Time limit in milliseconds for redis-server to start listening. */
const startLimit = 20_000;

/** A Redis server on its own port, with a persistent file; it can be killed and restarted. */
export class Redis {
  private child: ChildProcess | undefined;
  private port = 0;

  constructor(
    private readonly folder: string,
    private readonly options: {
      /** As in a URL. */
      password?: string;
      host?: string | undefined;
      /** Files for connections with TLS, which are then the only ones. */
      tls?: { cert: string; key: string };
    } = {},
  ) {
    mkdirSync(folder, { recursive: true });
  }

  get url(): string {
    const { password, host = '127.0.0.1', tls } = this.options;
    return `${tls ? 'rediss' : 'redis'}://${password ? `:${password}@` : ''}${host}:${this.port}`;
  }

  async start(): Promise<this> {
    requireRedis();
    this.port ||= await freePort();
    const { password, host = '127.0.0.1', tls } = this.options;
    const files = tls && ['--tls-cert-file', tls.cert, '--tls-key-file', tls.key, '--tls-auth-clients', 'no'];
    const words = [
      ...(files ? ['--port', '0', '--tls-port', String(this.port), ...files] : ['--port', String(this.port)]),
      '--bind',
      host,
      '--protected-mode',
      'no',
      '--dir',
      this.folder,
      '--save',
      '',
      '--appendonly',
      'yes',
    ];
    const login = password ? ['--requirepass', decodeURIComponent(password)] : [];
    this.child = spawn('redis-server', [...words, ...login], { stdio: 'ignore' });
    const begun = Date.now();
    while (!(await listens(this.port, host))) {
      if (this.child.exitCode !== null || Date.now() - begun > startLimit)
        throw new Error('redis-server did not start');
      await delay(20);
    }
    return this;
  }

  /** Sends kill -9, which leaves the file in its current state. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function listens(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const end = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
