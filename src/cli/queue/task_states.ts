import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../formats/make_folder.ts';
import { writeWhole } from '../whole_file.ts';
import { keptSeconds, type QueueStore } from './queue_store.ts';

/** The names of the files that `fileOf` returns. */
const stateFile = /^[0-9a-f]{16}-[0-9a-f]{16}-.+\.wgrad$/;

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

  /** Removes the states of a work from the folder. */
  dropAll(work: string): void {
    for (const name of this.files) if (name.startsWith(`${work}-`)) this.remove(name);
  }

  /** Removes states from the folder to which nobody has written for a month, as Redis does with its own. */
  dropExpired(now = Date.now()): void {
    for (const name of this.files) {
      const facts = statSync(join(this.places.folder!, name), { throwIfNoEntry: false });
      if (facts && now - facts.mtimeMs > 1000 * keptSeconds) this.remove(name);
    }
  }

  /** Names of the states in the folder. */
  private get files(): string[] {
    const { folder } = this.places;
    return folder !== undefined && existsSync(folder) ? readdirSync(folder).filter((name) => stateFile.test(name)) : [];
  }

  private remove(name: string): void {
    try {
      rmSync(join(this.places.folder!, name), { force: true });
    } catch {
      // The folder is shared, and the file may belong to another user.
    }
  }

  private fileOf = (folder: string, work: string, name: string) => join(folder, `${work}-${name}.wgrad`);
}

const nameOf = (id: string, kind: string) => `${id}-${kind.replaceAll(/\W+/g, '-')}`;
