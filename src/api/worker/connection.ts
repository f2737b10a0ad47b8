import { ConfigurationError, DeviceLostError, SetupError } from '../../errors.ts';
import { browserTimeout, secondsText, withinTime } from '../../time_limit.ts';
import type { FromWorker, Opening, ToWorker, TrainerFacts } from './protocol.ts';
import { errorSent } from './sent_error.ts';

/** A call whose result is pending. */
interface OpenCall {
  trainer: number;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  onMessage?: ((message: FromWorker) => void) | undefined;
}

/** A worker and its pending calls, which are rejected if the worker ends for any reason. */
export class Connection {
  /** Called with the trainer's current properties, which accompany each result. */
  readonly onFacts = new Map<number, (facts: TrainerFacts) => void>();
  readonly #worker: Worker;
  readonly #ends: boolean;
  readonly #port: MessagePort;
  readonly #open = new Map<number, OpenCall>();
  readonly #waitingForLock = new AbortController();
  /** Resolves when all queued messages are sent; undefined if none are queued. */
  #outbox: Promise<void> | undefined;
  #calls = 0;
  #ended: Error | undefined;

  private constructor(worker: Worker, isOwn: boolean, port: MessagePort) {
    this.#worker = worker;
    this.#ends = isOwn;
    this.#port = port;
  }

  /**
   * @param isOwn the worker is terminated with the connection.
   * @throws SetupError if the worker's script does not load or the worker does not answer in time.
   */
  static async open(worker: Worker, isOwn: boolean, timeout = browserTimeout): Promise<Connection> {
    const { port1: port, port2 } = new MessageChannel();
    const connection = new Connection(worker, isOwn, port);
    const lock = `wgrad-worker-${crypto.randomUUID()}`;
    const listening = new AbortController();
    const ready = new Promise<void>((resolve, reject) => {
      const failed = (found: string) =>
        reject(
          new SetupError({
            what: 'The worker of the trainer did not start',
            found,
            fix: 'serve all files of the package, or pass a custom worker: see docs/library.md',
          }),
        );
      worker.addEventListener(
        'error',
        (event) => {
          event.preventDefault();
          failed(event.message || 'a script that cannot be loaded');
        },
        { signal: listening.signal },
      );
      port.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        if (data.kind === 'ready') resolve();
        else connection.#take(data);
      };
    });
    try {
      worker.postMessage({ wgrad: 'serve', lock } satisfies Opening, [port2]);
      await withinTime(
        ready,
        timeout,
        () =>
          new SetupError({
            what: `The worker of the trainer did not answer within ${secondsText(timeout)}`,
            fix: 'a custom worker has to call serveTrainer(); on a slow connection, allow more time: trainInWorker(options, { timeout })',
          }),
      );
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      listening.abort();
    }
    connection.#watch(lock);
    return connection;
  }

  /** The worker holds the lock while it lives, so acquiring it here means that the worker has ended, which no event reports. */
  #watch(lock: string): void {
    const { signal } = this.#waitingForLock;
    navigator.locks
      ?.request(lock, { signal }, () =>
        this.end(
          new DeviceLostError({
            what: 'The worker of the trainer has ended, and its GPU device with it',
            found: 'a worker that was terminated or has crashed',
            fix: 'start another one with trainInWorker, from a state that onCheckpoint has saved',
          }),
        ),
      )
      .catch(() => undefined); // no longer needed
  }

  /**
   * Calls a method.
   *
   * @param args the arguments, or a promise of them, which later messages wait for so that all messages keep their order.
   */
  call(
    trainer: number,
    method: string,
    args: unknown[] | Promise<{ args: unknown[]; transfer: Transferable[] }>,
    onMessage?: (message: FromWorker) => void,
  ): { number: number; result: Promise<unknown> } {
    const number = ++this.#calls;
    const message = (known: unknown[]) => ({ kind: 'call' as const, call: number, trainer, method, args: known });
    const result = new Promise<unknown>((resolve, reject) => {
      if (this.#ended) throw this.#ended;
      this.#open.set(number, { trainer, resolve, reject, onMessage });
      const sent = Array.isArray(args)
        ? this.#inOrder(() => this.#post(message(args)))
        : this.#inOrder(async () => {
            const { args: known, transfer } = await args;
            this.#post(message(known), transfer);
          });
      sent?.catch(reject);
    });
    result.catch(() => this.#open.delete(number));
    return { number, result };
  }

  send(message: ToWorker): void {
    this.#inOrder(() => this.#post(message));
  }

  /** Posts immediately, or after the messages that are still queued. */
  #inOrder(post: () => void | Promise<void>): Promise<void> | undefined {
    const done = this.#outbox ? this.#outbox.then(post) : post();
    if (!done) return undefined;
    const outbox = done
      .catch(() => undefined)
      .then(() => {
        if (this.#outbox === outbox) this.#outbox = undefined;
      });
    this.#outbox = outbox;
    return done;
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    try {
      this.#port.postMessage(message, transfer);
    } catch (cause) {
      throw new ConfigurationError(
        {
          what: "This cannot be sent to the trainer's worker",
          found: cause instanceof Error ? cause.message : String(cause),
          expected: 'plain data, arrays, pictures and files',
          fix: 'omit functions; a source cannot be sent to a worker: pass the images in memory, or train in this thread with createTrainer',
        },
        { cause },
      );
    }
  }

  #take(message: FromWorker): void {
    if (message.kind === 'ready') return;
    const open = this.#open.get(message.call);
    if (!open) return;
    if (message.kind === 'result' || message.kind === 'error') {
      this.#open.delete(message.call);
      if (message.facts) this.onFacts.get(open.trainer)?.(message.facts);
      if (message.kind === 'result') open.resolve(message.value);
      else open.reject(errorSent(message.error));
    } else {
      open.onMessage?.(message);
    }
  }

  /** Rejects the pending calls of one trainer. */
  reject(trainer: number, error: Error): void {
    for (const [number, open] of this.#open) {
      if (open.trainer !== trainer) continue;
      this.#open.delete(number);
      open.reject(error);
    }
  }

  /** Rejects all pending and later calls. */
  end(error: Error): void {
    this.#ended ??= error;
    for (const open of this.#open.values()) open.reject(error);
    this.#open.clear();
    this.close();
  }

  close(): void {
    this.#waitingForLock.abort();
    if (this.#ends) this.#worker.terminate();
    else this.send({ kind: 'close' });
    this.#port.close();
  }
}
