import { ConfigurationError, WgradError } from '../errors.ts';
import { counted } from '../figures.ts';
import { CsvFile } from '../formats/csv_file.ts';
import { EventFile } from '../formats/event_file.ts';
import type { RunEvent } from '../health/run_events.ts';

interface Open {
  path: string;
  file: CsvFile | EventFile;
}

/** The files that are written during a run: those of --csv and --logdir. */
export class RunFiles {
  /** Why a file ended before the run did. */
  failure: WgradError | undefined;
  private files: Open[] = [];

  /** Notes on the files of a resumed run. */
  readonly notes: string[] = [];

  /**
   * @param after the step from which a resumed run continues.
   * @param ofEpochs columns of --csv that are filled at the end of an epoch.
   * @throws ConfigurationError for a path that is not writable.
   */
  constructor({ csv, logdir }: { csv?: string; logdir?: string }, after = 0, ofEpochs: readonly string[] = []) {
    if (csv) {
      this.open(csv, () => {
        const file = new CsvFile(csv, after, ofEpochs);
        if (file.missing > 0)
          this.notes.push(`note     ${csv} has no rows of the ${counted(file.missing, 'step')} before`);
        return file;
      });
    }
    if (logdir) this.open(logdir, () => new EventFile(logdir, after));
  }

  /** A file that can no longer be written, for example on a full disk, remains incomplete; the others continue. */
  add(events: readonly RunEvent[]): void {
    this.files = this.files.filter(({ path, file }) => {
      try {
        file.add(events);
        return true;
      } catch (cause) {
        this.failure ??= new WgradError(
          { what: `Writing to ${path} failed during the run`, found: (cause as Error).message },
          { cause },
        );
        return false;
      }
    });
  }

  /** @returns the paths of the written files. */
  close(): string[] {
    for (const { file } of this.files) file.close();
    return this.files.map(({ path }) => path);
  }

  private open(path: string, make: () => Open['file']): void {
    try {
      this.files.push({ path, file: make() });
    } catch (cause) {
      this.close();
      throw new ConfigurationError({ what: `${path} cannot be written`, found: (cause as Error).message }, { cause });
    }
  }
}
