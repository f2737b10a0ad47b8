import { execFileSync, spawn } from 'node:child_process';

const bridge = 'wgrad0';
/** A separate network, which nothing else on the machine uses. */
const address = (host: number) => `10.213.77.${host}`;

const ip = (...words: string[]) => execFileSync('ip', words, { stdio: 'pipe' });

/** Whether this machine allows network namespaces, which requires Linux, iproute2 and root. */
export function mayMakeNamespaces(): boolean {
  try {
    ip('netns', 'add', 'wgrad-probe');
    ip('netns', 'del', 'wgrad-probe');
    return true;
  } catch {
    return false;
  }
}

/** Network namespaces that are joined by a bridge, like hosts by a switch. Each can be disconnected. */
export class Hosts {
  /** The address of the machine itself on the bridge. */
  readonly address = address(1);

  constructor(private readonly count: number) {
    this.remove();
    ip('link', 'add', bridge, 'type', 'bridge');
    ip('addr', 'add', `${this.address}/24`, 'dev', bridge);
    ip('link', 'set', bridge, 'up');
    for (let host = 0; host < count; host++) {
      const [name, outside] = [`wgrad${host}`, `wgrad-v${host}`];
      ip('netns', 'add', name);
      ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      ip('link', 'set', outside, 'master', bridge, 'up');
      ip('-n', name, 'addr', 'add', `${address(10 + host)}/24`, 'dev', 'eth0');
      ip('-n', name, 'link', 'set', 'eth0', 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
  }

  /** Starts a program on a host. `ip` becomes the program, so that signals reach it. */
  spawn(host: number, words: readonly string[], options: Parameters<typeof spawn>[2] & object) {
    return spawn('ip', ['netns', 'exec', `wgrad${host}`, ...words], options);
  }

  /** Disconnects a host's cable, or connects it again. */
  connect(host: number, isConnected: boolean): void {
    ip('link', 'set', `wgrad-v${host}`, isConnected ? 'up' : 'down');
  }

  remove(): void {
    const words: string[][] = Array.from({ length: this.count }, (_, host) => ['netns', 'del', `wgrad${host}`]);
    for (const each of [...words, ['link', 'del', bridge]]) {
      try {
        ip(...each);
      } catch {
        // It does not exist.
      }
    }
  }
}
