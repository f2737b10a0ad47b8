import { isIP } from 'node:net';
import { ConfigurationError } from '../../errors.ts';

/** Connection options of Redis in ioredis' format. */
interface Connecting {
  host: string;
  port: number;
  db: number;
  username?: string;
  password?: string;
  tls?: { servername?: string };
}

export interface QueueAddress {
  options: Connecting;
  /** The address without its password, for messages and errors. */
  shown: string;
}

const variable = 'WGRAD_QUEUE';
const passwordVariable = 'WGRAD_QUEUE_PASSWORD';
const defaultPort = 6379;

/**
 * The address of the queue: from `--queue`, or else from the environment. Errors never contain it, because it may include a
 * password.
 *
 * @param given `true` for an option without a value.
 * @throws ConfigurationError for text that is not a Redis address.
 */
export function queueAddress(given: string | true | undefined, environment = process.env): QueueAddress {
  const text = typeof given === 'string' ? given : environment[variable];
  const place = typeof given === 'string' ? '--queue' : variable;
  const expected = 'redis://host:6379, or rediss://user:password@host:6380/0 with TLS';
  if (!text) {
    throw new ConfigurationError({
      what: 'The URL of the queue is missing',
      found: `--queue without a URL, and no ${variable} in the environment`,
      expected,
      fix: `pass it with --queue <url>, or set ${variable}, which keeps a password out of the process list`,
    });
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ConfigurationError({ what: `${place} is not a URL`, found: 'something else', expected });
  }
  const db = url.pathname.replace(/^\//, '') || '0';
  if (!['redis:', 'rediss:'].includes(url.protocol) || !url.hostname || !/^\d+$/.test(db)) {
    throw new ConfigurationError({
      what: `${place} is not the URL of a Redis server`,
      found: `a URL that begins with ${url.protocol}`,
      expected,
    });
  }
  const [username, ofUrl] = [url.username, url.password].map(decoded) as [string, string];
  const password = ofUrl || environment[passwordVariable] || '';
  // IPv6 addresses have brackets only in a URL.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port ? Number(url.port) : defaultPort;
  const user = username || password ? `${username}${password ? ':***' : ''}@` : '';
  return {
    options: {
      ...{ host, port, db: Number(db) },
      ...(username && { username }),
      ...(password && { password }),
      // TLS names a server only by its host name; an IP address is compared with the certificate all the same.
      ...(url.protocol === 'rediss:' && { tls: isIP(host) ? {} : { servername: host } }),
    },
    shown: `${url.protocol}//${user}${url.hostname}:${port}${db === '0' ? '' : `/${db}`}`,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a password with a bare %
  }
}
