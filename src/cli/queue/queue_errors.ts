import { ConfigurationError, giveName, WgradError } from '../../errors.ts';
import type { QueueAddress } from './queue_address.ts';

/** Redis is unreachable, or does not answer in time. */
export class QueueLostError extends WgradError {
  static {
    giveName(QueueLostError, 'QueueLostError');
  }
}

/** Matches the errors of Redis for a missing or wrong password. */
const refused = /WRONGPASS|NOAUTH|NOPERM|invalid password|no password is set|AUTH failed/i;

/** Matches the errors of a certificate that is not accepted. */
const distrusted = /certificate|altnames|unable to verify/i;

/** Matches the errors of a Redis that is unreachable, or temporarily unable to write. */
const lost =
  /closed|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|max retries|timed? ?out|LOADING|MASTERDOWN|READONLY|MISCONF|OOM/i;

/** Whether waiting does not help, because Redis or this machine refuses the connection. */
export const isRefusal = ({ message }: Error): boolean => refused.test(message) || distrusted.test(message);

/** Whether an error means that Redis is lost, rather than that it rejects a command. */
export const isLoss = ({ message }: Error): boolean => lost.test(message);

/** Whether a call was given up after several attempts, so that its error does not contain the reason. */
export const isGivenUp = ({ message }: Error): boolean => /max retries/.test(message);

/** Only the message is used: the error contains the command, including the password. */
export function openingError({ shown }: QueueAddress, { message }: Error): WgradError {
  if (refused.test(message)) {
    return new ConfigurationError({
      what: 'The queue refuses the password',
      found: `${shown}: ${message}`,
      expected: 'redis://user:password@host:6379, with %40 for an @ in the password',
      fix: 'set it in the URL of WGRAD_QUEUE, or separately in WGRAD_QUEUE_PASSWORD',
    });
  }
  if (distrusted.test(message)) {
    return new ConfigurationError({
      what: "The queue's certificate is not accepted",
      found: `${shown}: ${message}`,
      expected: 'a certificate for this host from a known authority',
      fix: 'for a private authority, set NODE_EXTRA_CA_CERTS to the file with its certificate (PEM), and use a host name or IP address that the certificate contains',
    });
  }
  return new QueueLostError({
    what: 'The queue cannot be reached',
    found: `${shown}: ${message || 'no answer'}`,
    expected: 'Redis 6.2 or later, or a compatible server',
    fix: 'start redis-server there, and check host, port and firewall, and whether this port uses TLS (rediss://) or not (redis://)',
  });
}
