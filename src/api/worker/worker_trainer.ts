import type { Dataset } from '../../data/dataset.ts';
import { ConfigurationError } from '../../errors.ts';
import type { AdapterFacts } from '../../gpu/device.ts';
import type { History } from '../../health/history.ts';
import type { CompiledModel } from '../../model/graph.ts';
import type { LayerSummary } from '../../model/summary.ts';
import type { FitOptions } from '../../train/fit_options.ts';
import type { Pace } from '../../train/pace.ts';
import type { PicturePreparation } from '../../train/picture.ts';
import type { Images } from '../../train/predict.ts';
import type { TrainerOptions } from '../../train/trainer_options.ts';
import type { Trainer } from '../trainer.ts';
import type { Connection } from './connection.ts';
import {
  type FitCallback,
  type FromWorker,
  fitCallbacks,
  type MadeTrainer,
  type SentFitOptions,
  type TrainerFacts,
} from './protocol.ts';
import { needsConversion, sendablePictures } from './sendable_pictures.ts';
import { errorToSend } from './sent_error.ts';

/** Methods whose arguments and results are sent without conversion. */
type Asked =
  | 'evaluate'
  | 'getWeights'
  | 'setWeights'
  | 'snapshot'
  | 'restore'
  | 'trainOnBatch'
  | 'gradients'
  | 'datasetGradients'
  | 'setLearningRate'
  | 'profile'
  | 'findLearningRate'
  | 'save';

/**
 * A trainer that runs in a worker. It has the methods and properties of `Trainer`, with the same arguments, errors and bit-identical
 * results. Arguments are copied to the worker; results are transferred from it.
 *
 * The callbacks of `fit` are called in the page, in order, while training continues in the worker, so a method that a callback calls takes
 * effect later than in `Trainer`. Training waits only for `onCheckpoint`, so the state that a checkpoint captures is exact.
 */
export interface WorkerTrainer
  extends Pick<
    Trainer,
    | Asked
    | 'fit'
    | 'predict'
    | 'activations'
    | 'sampleStep'
    | 'saliency'
    | 'meanwhile'
    | 'summary'
    | 'options'
    | 'model'
    | 'batchSize'
    | 'startup'
    | 'dispose'
  > {
  /** The class names, in the order of the outputs: see `Trainer.classNames`. */
  readonly classNames: string[];
  /** How `predict` preprocesses images: see `Trainer.pictures`. */
  readonly pictures: PicturePreparation;
  /** The number of the trainer's buffers and their size in bytes on the GPU after the last call, without data sets. */
  readonly memory: { buffers: number; bytes: number };
  /** The adapter of the worker's device. */
  readonly adapter: AdapterFacts;
  /** A copy of the trainer in the same worker: see `Trainer.clone`. */
  clone(): Promise<WorkerTrainer>;
}

/** The page's proxy of a trainer in a worker. */
export class RemoteTrainer implements WorkerTrainer {
  readonly options: Readonly<TrainerOptions>;
  readonly model: CompiledModel;
  readonly batchSize: number;
  readonly evaluate = this.#asked('evaluate');
  readonly getWeights = this.#asked('getWeights');
  readonly setWeights = this.#asked('setWeights');
  readonly snapshot = this.#asked('snapshot');
  readonly restore = this.#asked('restore');
  readonly trainOnBatch = this.#asked('trainOnBatch');
  readonly gradients = this.#asked('gradients');
  readonly datasetGradients = this.#asked('datasetGradients');
  readonly setLearningRate = this.#asked('setLearningRate');
  readonly profile = this.#asked('profile');
  readonly findLearningRate = this.#asked('findLearningRate');
  readonly save = this.#asked('save');
  readonly predict = this.#ofImages('predict') as Trainer['predict'];
  readonly activations = this.#ofImages('activations') as Trainer['activations'];
  readonly sampleStep = this.#ofImages('sampleStep') as Trainer['sampleStep'];
  readonly saliency = this.#ofImages('saliency') as Trainer['saliency'];
  readonly meanwhile = {
    predict: this.#ofImages('meanwhile.predict'),
    activations: this.#ofImages('meanwhile.activations'),
    sampleStep: this.#ofImages('meanwhile.sampleStep'),
    saliency: this.#ofImages('meanwhile.saliency'),
    evaluate: this.#asked('meanwhile.evaluate'),
    getWeights: this.#asked('meanwhile.getWeights'),
    snapshot: this.#asked('meanwhile.snapshot'),
  } as unknown as Trainer['meanwhile'];
  readonly #connection: Connection;
  readonly #number: number;
  readonly #trainers: Set<RemoteTrainer>;
  readonly #summary: LayerSummary[];
  #facts: TrainerFacts;
  #disposed: ConfigurationError | undefined;

  /** @param trainers all trainers of this worker, which is terminated when the last one is disposed. */
  constructor(
    connection: Connection,
    options: TrainerOptions,
    { trainer, model, batchSize, summary, facts }: MadeTrainer,
    trainers: Set<RemoteTrainer>,
  ) {
    this.options = { ...options };
    this.model = model;
    this.batchSize = batchSize;
    this.#connection = connection;
    this.#number = trainer;
    this.#facts = facts;
    this.#summary = summary;
    this.#trainers = trainers;
    trainers.add(this);
    connection.onFacts.set(trainer, (newer) => {
      this.#facts = newer;
    });
  }

  get classNames(): string[] {
    return [...this.#facts.classNames];
  }

  get pictures() {
    return this.#facts.pictures;
  }

  get memory() {
    return this.#facts.memory;
  }

  get startup() {
    return this.#facts.startup;
  }

  get adapter(): AdapterFacts {
    return this.#facts.adapter;
  }

  summary(): LayerSummary[] {
    return structuredClone(this.#summary);
  }

  async fit(dataset: Dataset, options: FitOptions = {}): Promise<History> {
    const { signal, pace, ...others } = options;
    const data: Record<string, unknown> = { ...others };
    const callbacks = fitCallbacks.filter((name) => typeof options[name] === 'function');
    for (const name of callbacks) delete data[name];
    const sent: SentFitOptions = {
      data,
      callbacks,
      ...(pace && { allowed: pace.allowed }),
      aborted: signal?.aborted ?? false,
    };
    let failure: { error: unknown } | undefined;
    /** Calls a callback. As without a worker, an exception in the callback ends the run. */
    const guarded = async (name: FitCallback, args: unknown[]) => {
      try {
        await (options[name] as (...args: unknown[]) => unknown)(...args);
      } catch (error) {
        failure ??= { error };
        this.#connection.send({ kind: 'abort', call: number });
        throw error;
      }
    };
    const onMessage = (message: FromWorker) => {
      if (message.kind === 'events') {
        for (const [name, args] of message.events) if (!failure) guarded(name, args).catch(() => undefined);
      } else if (message.kind === 'question') {
        const { question } = message;
        guarded('onCheckpoint', message.args).then(
          () => this.#connection.send({ kind: 'answer', question }),
          (error) => this.#connection.send({ kind: 'answer', question, error: errorToSend(error) }),
        );
      } else if (message.kind === 'taken') {
        known = Math.max(0, known - message.steps);
        pace?.taken(message.steps);
      }
    };
    const { number, result } = this.#call('fit', [dataset, sent], onMessage);
    const ended = new AbortController();
    signal?.addEventListener('abort', () => this.#connection.send({ kind: 'abort', call: number }), {
      signal: ended.signal,
    });
    /** Number of steps that the worker's pace allows. */
    let known = pace?.allowed ?? 0;
    const follow = ({ changed, allowed }: Pace) => {
      const change =
        allowed === 0
          ? 'pause'
          : allowed === Infinity
            ? 'resume'
            : { steps: allowed - (known === Infinity ? 0 : known) };
      if (allowed !== known) this.#connection.send({ kind: 'pace', call: number, change });
      known = allowed;
      changed.addEventListener('abort', () => follow(pace!), { signal: ended.signal });
    };
    if (pace) follow(pace);
    try {
      const history = (await result) as History;
      if (failure) throw failure.error;
      return history;
    } catch (error) {
      throw failure ? failure.error : error;
    } finally {
      ended.abort();
    }
  }

  async clone(): Promise<WorkerTrainer> {
    const made = (await this.#call('clone', []).result) as MadeTrainer;
    return new RemoteTrainer(this.#connection, this.options, made, this.#trainers);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = new ConfigurationError({ what: 'The trainer has been disposed', fix: 'create a new one' });
    this.#connection.reject(this.#number, this.#disposed);
    this.#connection.onFacts.delete(this.#number);
    this.#trainers.delete(this);
    if (this.#trainers.size > 0) this.#connection.send({ kind: 'dispose', trainer: this.#number });
    else this.#connection.close();
  }

  #call(
    method: string,
    args: Parameters<Connection['call']>[2],
    onMessage?: (message: FromWorker) => void,
  ): ReturnType<Connection['call']> {
    if (this.#disposed) throw this.#disposed;
    return this.#connection.call(this.#number, method, args, onMessage);
  }

  #asked<M extends string>(method: M): M extends Asked ? Trainer[M] : unknown {
    const ask = async (...args: unknown[]) => this.#call(method, args).result;
    return ask as unknown as M extends Asked ? Trainer[M] : unknown;
  }

  #ofImages(method: string): (images: Images, ...others: unknown[]) => Promise<unknown> {
    return async (images, ...others) => {
      const args = (sent: unknown) => [sent, ...others];
      // Calls keep their order although the browser reads the pixels of an element asynchronously.
      if (!needsConversion(images)) return this.#call(method, args(images)).result;
      const conversion = sendablePictures(images).then(({ sent, transfer }) => ({ args: args(sent), transfer }));
      return this.#call(method, conversion).result;
    };
  }
}
