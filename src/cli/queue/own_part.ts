import type { ChromeTrainer } from './chrome_trainer.ts';
import type { Coordinator } from './coordinator.ts';
import { handIn } from './hand_in.ts';
import type { WorkerHost } from './worker_host.ts';

type Distribution = Pick<Coordinator, 'begin' | 'run' | 'stop'>;

/**
 * What the command that begins a work does itself: it distributes the tasks, and trains some of them. It can be stopped at any time,
 * also while its Chromes start.
 */
export class OwnPart {
  /** Chromes are added as they open, so that all of them can be closed. */
  readonly chromes: ChromeTrainer[] = [];
  private coordinator: Distribution | undefined;
  private host: Pick<WorkerHost, 'run' | 'stop'> | undefined;
  private done: Promise<unknown> | undefined;
  private stopping = false;

  /** Ends this process' part of the work after the current step; workers on other machines continue. */
  stop = (): void => {
    this.stopping = true;
    this.coordinator?.stop();
    this.host?.stop();
  };

  /** Does the same, and closes the browsers when the running tasks have been given back. */
  quit = (): Promise<void> => handIn(this.stop, this.done, this.chromes);

  /**
   * Resolves when the work has ended, or when it was stopped.
   *
   * @param open opens the Chromes and returns the worker in this process; undefined to leave the training to other machines.
   */
  async run(
    coordinator: Distribution,
    open: (chromes: ChromeTrainer[]) => Promise<Pick<WorkerHost, 'run' | 'stop'> | undefined>,
  ): Promise<void> {
    try {
      // Workers continue with these tasks, even if this process is stopped before its own Chrome has started.
      await coordinator.begin();
      if (this.stopping) return;
      const host = await open(this.chromes);
      if (this.stopping) return;
      this.coordinator = coordinator;
      this.host = host;
      const parts = [
        coordinator.run().finally(() => host?.stop()),
        host?.run().catch((error) => {
          coordinator.stop();
          throw error;
        }),
      ];
      const ending = Promise.allSettled(parts);
      this.done = ending;
      for (const end of await ending) if (end.status === 'rejected') throw end.reason;
    } finally {
      await Promise.all(this.chromes.map((chrome) => chrome.close()));
    }
  }
}
