import type { RedisConnection } from 'bullmq';
import { WgradError } from '../../errors.ts';
import { secondsText, withinTime } from '../../time_limit.ts';
import { type BullMq, loadBullMq } from './bullmq.ts';
import type { QueueAddress } from './queue_address.ts';
import { isGivenUp, isLoss, isRefusal, openingError, QueueLostError } from './queue_errors.ts';

/** Time limits in milliseconds: to connect, to answer, and between two attempts to reconnect. */
const openingLimit = 8_000;
export const answerLimit = 10_000;
const longestPause = 2_000;
const timeLimits = { connectTimeout: 5_000, socketTimeout: 20_000, keepAlive: 5_000 };

/** Milliseconds before an attempt to reconnect, counted from 1. */
const pauseBefore = (attempt: number): number => Math.min(100 * attempt, longestPause);

type Argument = string | number | Buffer;
interface Client {
  call(command: string, ...args: Argument[]): Promise<unknown>;
  callBuffer(command: string, ...args: Argument[]): Promise<unknown>;
}

interface OpenConnection {
  bull: BullMq;
  connection: RedisConnection;
  client: Client;
  address: QueueAddress;
  /** The connection's last error, because that of a call that was given up does not contain the reason. */
  lastError: Error | undefined;
}

/**
 * @throws ConfigurationError if Redis rejects the password.
 * @throws QueueLostError if it is unreachable.
 */
export async function openConnection(address: QueueAddress): Promise<OpenConnection> {
  const bull = await loadBullMq();
  let isOpen = false;
  const begun = Date.now();
  const connection = new bull.RedisConnection(
    {
      ...address.options,
      ...timeLimits,
      maxRetriesPerRequest: 2,
      retryStrategy: (times) => (isOpen || Date.now() - begun < openingLimit ? pauseBefore(times) : null),
    },
    { blocking: false },
  );
  let last: Error | undefined;
  let opened: OpenConnection | undefined;
  const refusal = new Promise<never>((_, reject) => {
    connection.on('error', (error: Error) => {
      last = error;
      if (opened) opened.lastError = error;
      if (isRefusal(error)) reject(error);
    });
  });
  try {
    const opening = Promise.race([connection.client, refusal]);
    refusal.catch(() => undefined);
    const client = await withinTime(opening, openingLimit, () => last ?? new Error('no answer'));
    isOpen = true;
    opened = { bull, connection, client: client as unknown as Client, address, lastError: undefined };
    return opened;
  } catch (error) {
    await connection.close(true).catch(() => undefined);
    connection.on('error', () => undefined); // closing removes listeners, and an error event without a listener ends the process
    throw openingError(address, last ?? (error as Error));
  }
}

/** A connection to Redis whose calls have a time limit and errors that say what to do. */
export class QueueConnection {
  /** Number of calls that Redis has answered so far. */
  answers = 0;

  constructor(private readonly opened: OpenConnection) {}

  get bull(): BullMq {
    return this.opened.bull;
  }

  get address(): QueueAddress {
    return this.opened.address;
  }

  /** BullMQ's connection options: it waits for Redis indefinitely, so callers set a limit. */
  get connecting() {
    return { ...this.address.options, ...timeLimits, retryStrategy: pauseBefore, maxRetriesPerRequest: null };
  }

  /** Limits the time of a BullMQ call, which would wait for Redis indefinitely. */
  async within<T>(work: Promise<T>, milliseconds = answerLimit): Promise<T> {
    try {
      const value = await withinTime(work, milliseconds, () =>
        this.lost(`no answer within ${secondsText(milliseconds)}`),
      );
      this.answers++;
      return value;
    } catch (error) {
      if (error instanceof WgradError) throw error;
      const { message } = error as Error;
      if (isLoss(error as Error)) throw this.lost(isGivenUp(error as Error) ? this.lastError : message);
      throw new WgradError(
        { what: 'The queue answers with an error', found: `${this.address.shown}: ${message}` },
        // The original error is not set as the cause, because it contains the command and all its data.
      );
    }
  }

  private lost(found: string): QueueLostError {
    return new QueueLostError({
      what: 'The queue does not answer',
      found: `${this.address.shown}: ${found}`,
      fix: 'restart Redis; finished results are kept',
    });
  }

  protected call = (command: string, ...args: Argument[]): Promise<unknown> =>
    this.within(this.opened.client.call(command, ...args));

  protected callBuffer = (command: string, ...args: Argument[]): Promise<unknown> =>
    this.within(this.opened.client.callBuffer(command, ...args));

  private get lastError(): string {
    return this.opened.lastError?.message ?? 'the connection was lost';
  }

  protected closeConnection(force?: boolean): Promise<void> {
    return this.opened.connection.close(force);
  }
}
