import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../formats/make_folder.ts';
import { writeWhole } from '../whole_file.ts';
import type { QueueStore } from './queue_store.ts';

/** Storage for the states of unfinished tasks, from which another worker can continue them. */
export interface StatePlaces {
  /** Size limit in bytes; larger states go to the folder. */
  limit: number;
  /** A folder shared by all machines. */
  folder?: string;
}

/**
 * Stores small states in the queue, and large ones in a folder shared by all workers; without a folder, large states are not
 * stored.
 */
export class TaskStates {
  constructor(
    private readonly store: QueueStore,
    private readonly places: StatePlaces,
  ) {}

  /** @returns whether it could be stored. */
  async put(work: string, id: string, kind: string, state: Uint8Array): Promise<boolean> {
    const { limit, folder } = this.places;
    const name = nameOf(id, kind);
    if (state.length <= limit) await this.store.putState(work, name, state);
    else if (folder !== undefined) {
      makeFolder(folder);
      writeWhole(this.fileOf(folder, work, name), state);
    } else return false;
    return true;
  }

  async get(work: string, id: string, kind: string): Promise<Uint8Array | undefined> {
    const { folder } = this.places;
    const name = nameOf(id, kind);
    const path = folder === undefined ? undefined : this.fileOf(folder, work, name);
    if (path !== undefined && existsSync(path)) return readFileSync(path);
    return this.store.state(work, name);
  }

  async drop(work: string, id: string, kind: string): Promise<void> {
    const { folder } = this.places;
    const name = nameOf(id, kind);
    if (folder !== undefined) rmSync(this.fileOf(folder, work, name), { force: true });
    await this.store.dropState(work, name);
  }

  private fileOf = (folder: string, work: string, name: string) => join(folder, `${work}-${name}.wgrad`);
}

const nameOf = (id: string, kind: string) => `${id}-${kind.replaceAll(/\W+/g, '-')}`;
