import type { PairState } from '../compare/pair_options.ts';
import type { TwinOptions } from '../compare/twin_options.ts';
import type { PairRecord } from '../compare/twin_record.ts';
import type { TrainAndTest } from '../data/index.ts';
import type { WgradError } from '../errors.ts';
import type { LayerSummary } from '../index.ts';
import { unpackNumbers } from '../json_numbers.ts';
import type { TwinEvent } from './headless/protocol.ts';
import { throughLosses } from './losses.ts';
import { servedPair } from './served_runs.ts';
import { TrainingChrome } from './training_chrome.ts';

export interface PairHooks {
  /** The state from which the pair continues, if any. */
  from?: PairState;
  tell?: (events: TwinEvent[]) => void;
  keep?: (state: PairState) => void;
  /** Called when Chrome was lost, with the state that another Chrome continues from. */
  lost: (error: WgradError, state: PairState | undefined) => void;
  /** Called when another Chrome is ready. */
  restarted?: () => void;
}

/** A Chrome that trains pairs of twins, one at a time. */
export class PairChrome extends TrainingChrome {
  private twins: TwinOptions | undefined;
  /** The state of the running pair after its last epoch. */
  private state: PairState | undefined;
  /** The last step that the twins of this pair have reached. */
  private furthest = 0;
  private hooks: PairHooks | undefined;
  protected override receivers() {
    return {
      tell: (events: TwinEvent[]) => {
        this.hooks?.tell?.(events);
        for (const { step } of events) this.furthest = Math.max(this.furthest, step);
      },
      keepPair: (newest: PairState) => {
        this.state = newest;
        this.hooks?.keep?.(newest);
      },
      files: servedPair(() => this.state!),
    };
  }

  /** Prepares the twins of the following pairs. @returns the layers of both. */
  async prepare(twins: TwinOptions, datasets: TrainAndTest): Promise<{ a: LayerSummary[]; b: LayerSummary[] }> {
    this.twins = twins;
    this.datasets = datasets;
    return this.session!.call('prepareTwins', twins);
  }

  /** Trains a pair. @returns undefined if it was stopped. */
  async train(order: { seed: number; epochs: number }, hooks: PairHooks): Promise<PairRecord | undefined> {
    this.furthest = 0;
    this.state = hooks.from;
    this.hooks = hooks;
    const packed = await throughLosses(
      () => this.session!.call('trainPair', { ...order, continues: this.state !== undefined }),
      {
        restart: async () => {
          await this.reopen();
          await this.session!.call('prepareTwins', this.twins!);
          hooks.restarted?.();
        },
        progress: () => this.furthest,
        isStopping: () => this.stopping,
        // A pair is deterministic: restarted from its beginning or its state, it reaches the same bits.
        lost: (error) => hooks.lost(error, this.state),
      },
    );
    return packed && unpackNumbers(packed);
  }
}
