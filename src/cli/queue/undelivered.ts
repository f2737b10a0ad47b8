import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../formats/make_folder.ts';
import { cacheFolder } from '../dataset_cache.ts';
import { writeWhole } from '../whole_file.ts';
import { QueueLostError } from './queue_errors.ts';
import type { QueueStore } from './queue_store.ts';
import { parseResult, type TaskResult } from './work.ts';

export interface Kept {
  work: string;
  key: string;
  result: TaskResult;
}

/**
 * Results of this machine that are not yet in the queue. They are on disk first, so that neither a crash nor the loss of Redis
 * loses one.
 */
export class Undelivered {
  /** Names of files that can neither be delivered nor set aside. */
  private readonly ignored = new Set<string>();

  constructor(readonly folder = join(dirname(cacheFolder()), 'undelivered')) {}

  private nameOf = ({ work, key }: Pick<Kept, 'work' | 'key'>) => `${work}-${key.replaceAll(/\W+/g, '-')}.json`;

  keep(kept: Kept): void {
    makeFolder(this.folder);
    writeWhole(join(this.folder, this.nameOf(kept)), JSON.stringify(kept));
  }

  get names(): string[] {
    return existsSync(this.folder) ? readdirSync(this.folder).filter((name) => name.endsWith('.json')) : [];
  }

  /**
   * Delivers all stored results. Results of a work that this queue does not know are kept for another queue. A file that cannot be
   * delivered is set aside, so that it neither stops the worker nor hides the others.
   *
   * @returns the number of delivered results.
   * @throws QueueLostError while Redis is unavailable.
   */
  async deliver(store: QueueStore, report: (line: string) => void): Promise<number> {
    let delivered = 0;
    for (const name of this.names) {
      if (this.ignored.has(name)) continue;
      const path = join(this.folder, name);
      try {
        const { work, key, result } = read(path);
        if (!(await store.work(work))) continue;
        await store.addResult(work, key, result);
        rmSync(path, { force: true });
        delivered++;
      } catch (error) {
        if (error instanceof QueueLostError) throw error;
        // Another worker of this machine has just delivered it.
        if (!existsSync(path)) continue;
        report(`kept     ${this.setAside(name)}: this result cannot be delivered (${(error as Error).message})`);
      }
    }
    return delivered;
  }

  /** @returns where the file is now. */
  private setAside(name: string): string {
    const path = join(this.folder, name);
    try {
      renameSync(path, `${path}.bad`);
      return `${path}.bad`;
    } catch {
      // The folder may not be writable: the file stays, and is not tried again.
      this.ignored.add(name);
      return path;
    }
  }
}

/** @throws for a damaged file. */
function read(path: string): Kept {
  const { work, key, result } = JSON.parse(readFileSync(path, 'utf8')) as Kept;
  if (typeof work !== 'string' || typeof key !== 'string') throw new Error('it has no work or no key');
  return { work, key, result: parseResult(result) };
}
