import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../formats/make_folder.ts';
import { writeWhole } from '../whole_file.ts';
import type { QueueStore } from './queue_store.ts';

/** Where the states of unfinished tasks are, for whoever continues them. */
export interface StatePlaces {
  /** Larger states go to the folder. */
  limit: number;
  /** A folder that all machines share. */
  folder?: string;
}

/** Small states are in the queue, large ones in a folder that all workers share; without one they are not kept. */
export class TaskStates {
  constructor(
    private readonly store: QueueStore,
    private readonly places: StatePlaces,
  ) {}

  /** @returns whether there was a place for it. */
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
