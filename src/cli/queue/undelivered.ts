import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../formats/make_folder.ts';
import { cacheFolder } from '../dataset_cache.ts';
import { writeWhole } from '../whole_file.ts';
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
   * Delivers all stored results. Results of a work that this queue does not know are kept for another queue.
   *
   * @returns the number of delivered results.
   * @throws QueueLostError while Redis is unavailable.
   */
  async deliver(store: QueueStore): Promise<number> {
    let delivered = 0;
    for (const name of this.names) {
      const path = join(this.folder, name);
      const kept = read(path);
      if (!kept || !(await store.work(kept.work))) continue;
      await store.addResult(kept.work, kept.key, kept.result);
      rmSync(path, { force: true });
      delivered++;
    }
    return delivered;
  }
}

/** undefined for a damaged file, or one that another worker of this machine has just delivered. */
function read(path: string): Kept | undefined {
  try {
    const { work, key, result } = JSON.parse(readFileSync(path, 'utf8')) as Kept;
    return { work: String(work), key: String(key), result: parseResult(result) };
  } catch {
    return undefined;
  }
}
