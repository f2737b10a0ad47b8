import type { Dataset } from '../../data/dataset.ts';
import { type Gpu, type GpuOptions, openGpu } from '../../gpu/device.ts';
import type { FitOptions } from '../../train/fit_options.ts';
import { Pace } from '../../train/pace.ts';
import type { TrainerOptions } from '../../train/trainer_options.ts';
import type { ModelSource } from '../load_trainer.ts';
import { createTrainer, type Trainer } from '../trainer.ts';
import {
  buffersOf,
  type FitCallback,
  type FromWorker,
  type MadeTrainer,
  type SentFitOptions,
  type ToWorker,
  type TrainerFacts,
} from './protocol.ts';
import { errorSent, errorToSend } from './sent_error.ts';

/** Methods whose results are new arrays that nothing else uses, so they can be transferred. */
const fresh = new Set([
  ...['predict', 'activations', 'getWeights', 'snapshot', 'gradients', 'datasetGradients', 'sampleStep', 'saliency'],
  ...['meanwhile.predict', 'meanwhile.activations', 'meanwhile.getWeights', 'meanwhile.snapshot'],
  ...['meanwhile.sampleStep', 'meanwhile.saliency'],
]);

/** The arguments of `create`: the options of the trainer and of its device, and a saved model to start from. */
type Creation = [options: TrainerOptions, gpu: Omit<GpuOptions, 'gpu'>, from: ModelSource | undefined];

/** A running call of `fit`. */
interface Fit {
  stop: AbortController;
  pace?: Pace;
}

/** A pace that reports the submitted steps to the page. */
class ReportingPace extends Pace {
  readonly #report: (steps: number) => void;

  constructor(report: (steps: number) => void) {
    super(true);
    this.#report = report;
  }

  override taken(steps: number): void {
    super.taken(steps);
    this.#report(steps);
  }
}

/** The trainers of one page. */
export class Server {
  readonly #port: MessagePort;
  readonly #trainers = new Map<number, Trainer>();
  readonly #fits = new Map<number, Fit>();
  readonly #questions = new Map<number, { resolve: () => void; reject: (error: unknown) => void }>();
  #opening: Promise<Gpu> | undefined;
  #numbers = 0;
  #events: { call: number; events: [FitCallback, unknown[]][] } | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  begin(lock: string): void {
    this.#port.onmessage = ({ data }: MessageEvent<ToWorker>) => this.#take(data);
    // The page requests the same lock, and acquires it when this worker ends for any reason.
    const held = new Promise<never>(() => undefined);
    const begun = () => this.#post({ kind: 'ready' });
    const { locks } = navigator;
    if (!locks) begun();
    locks
      ?.request(lock, () => {
        begun();
        return held;
      })
      .catch(begun);
  }

  /** Sends queued events first, so that all messages keep their order. */
  #post(message: FromWorker, transfer: Transferable[] = []): void {
    this.#flush();
    this.#port.postMessage(message, transfer);
  }

  #flush(): void {
    const waiting = this.#events;
    this.#events = undefined;
    if (waiting) this.#port.postMessage({ kind: 'events', ...waiting } satisfies FromWorker);
  }

  /** Collects events until the end of the task: all steps of a submission become one message. */
  #report(call: number, name: FitCallback, args: unknown[]): void {
    if (this.#events?.call !== call) this.#flush();
    if (!this.#events) {
      this.#events = { call, events: [] };
      queueMicrotask(() => this.#flush());
    }
    this.#events.events.push([name, args]);
  }

  #take(message: ToWorker): void {
    switch (message.kind) {
      case 'call':
        this.#answer(message.call, message.trainer, message.method, message.args);
        return;
      case 'abort':
        this.#fits.get(message.call)?.stop.abort();
        return;
      case 'pace': {
        const { change, call } = message;
        const pace = this.#fits.get(call)?.pace;
        if (change === 'pause') pace?.pause();
        else if (change === 'resume') pace?.resume();
        else pace?.step(change.steps);
        return;
      }
      case 'answer': {
        const { resolve, reject } = this.#questions.get(message.question) ?? {};
        this.#questions.delete(message.question);
        if (message.error) reject?.(errorSent(message.error));
        else resolve?.();
        return;
      }
      case 'dispose':
        this.#trainers.get(message.trainer)?.dispose();
        this.#trainers.delete(message.trainer);
        return;
      case 'close':
        this.#close();
    }
  }

  async #answer(call: number, number: number, method: string, args: unknown[]): Promise<void> {
    try {
      const value = await this.#call(call, number, method, args);
      const facts = this.#facts(number);
      this.#post({ kind: 'result', call, value, ...(facts && { facts }) }, fresh.has(method) ? buffersOf(value) : []);
    } catch (error) {
      const facts = this.#facts(number);
      this.#post({ kind: 'error', call, error: errorToSend(error), ...(facts && { facts }) });
    }
  }

  #facts(number: number): TrainerFacts | undefined {
    const trainer = this.#trainers.get(number);
    if (!trainer) return undefined;
    const { classNames, pictures, memory, startup, gpu } = trainer;
    return { classNames, pictures, memory, startup: { ...startup }, adapter: gpu.adapter };
  }

  async #call(call: number, number: number, method: string, args: unknown[]): Promise<unknown> {
    if (method === 'create') return this.#create(...(args as Creation));
    const trainer = this.#trainers.get(number)!;
    if (method === 'clone') return this.#made(await trainer.clone());
    if (method === 'fit') return this.#fit(call, trainer, ...(args as [Dataset, SentFitOptions]));
    const [name, of] = method.split('.').reverse() as [string, string?];
    const on = (of ? trainer.meanwhile : trainer) as unknown as Record<string, (...args: unknown[]) => unknown>;
    return on[name]!(...args);
  }

  async #create(...[options, gpuOptions, from]: Creation): Promise<MadeTrainer> {
    this.#opening ??= openGpu(gpuOptions);
    const gpu = await this.#opening;
    if (from === undefined) return this.#made(createTrainer(gpu, options));
    const { loadTrainer } = await import('../load_trainer.ts');
    return this.#made(await loadTrainer(gpu, from, options));
  }

  #made(trainer: Trainer): MadeTrainer {
    const number = ++this.#numbers;
    this.#trainers.set(number, trainer);
    return {
      trainer: number,
      model: trainer.model,
      batchSize: trainer.batchSize,
      summary: trainer.summary(),
      facts: this.#facts(number)!,
    };
  }

  async #fit(call: number, trainer: Trainer, dataset: Dataset, sent: SentFitOptions): Promise<unknown> {
    const { data, callbacks, allowed, aborted } = sent;
    const stop = new AbortController();
    if (aborted) stop.abort();
    const fit: Fit = { stop };
    if (allowed !== undefined) {
      fit.pace = new ReportingPace((steps) => this.#post({ kind: 'taken', call, steps }));
      if (allowed === Infinity) fit.pace.resume();
      else if (allowed > 0) fit.pace.step(allowed);
    }
    this.#fits.set(call, fit);
    const listeners = Object.fromEntries(
      callbacks.map((name) => [
        name,
        name === 'onCheckpoint'
          ? (...args: unknown[]) => this.#ask(call, args)
          : (...args: unknown[]) => this.#report(call, name, args),
      ]),
    );
    const options: FitOptions = { ...data, ...listeners, signal: stop.signal, ...(fit.pace && { pace: fit.pace }) };
    try {
      return await trainer.fit(dataset, options);
    } finally {
      this.#fits.delete(call);
    }
  }

  #ask(call: number, args: unknown[]): Promise<void> {
    const question = ++this.#numbers;
    return new Promise((resolve, reject) => {
      this.#questions.set(question, { resolve, reject });
      this.#post({ kind: 'question', call, question, args });
    });
  }

  async #close(): Promise<void> {
    for (const trainer of this.#trainers.values()) trainer.dispose();
    this.#trainers.clear();
    this.#port.close();
    // If the device could not be opened, the call that needed it has already been rejected.
    const gpu = await this.#opening?.catch(() => undefined);
    gpu?.dispose();
  }
}
