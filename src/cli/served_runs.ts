import type { PairState } from '../compare/pair_options.ts';
import { formatRun, type SavedRun } from '../formats/run_file.ts';
import { packNumbers } from '../json_numbers.ts';
import type { ResumePoint } from '../session/resume_point.ts';
import { modelFile, pairFile, stateFile } from './headless/model_files.ts';
import type { ServedState } from './headless/protocol.ts';
import { packSnapshot } from './packed_snapshot.ts';
import type { ServedFiles } from './served_files.ts';

/** Files that the page fetches, because arguments of a call to it are limited to 100 MB. */

/** The run whose model the page opens, or whose weights it copies. */
export const servedModel = (run: SavedRun): ServedFiles => new Map([[`/${modelFile}`, () => formatRun(run)]]);

/** The state from which the page resumes a run. @param newest called when the page fetches it. */
export const servedState = (newest: () => ResumePoint): ServedFiles =>
  new Map([
    [
      `/${stateFile}`,
      () => {
        const { snapshot, ...from } = newest();
        const served: ServedState = { state: packSnapshot(snapshot), from: packNumbers(from) };
        return jsonOf(served);
      },
    ],
  ]);

/** The state from which the page continues a pair of twins. @param newest called when the page fetches it. */
export const servedPair = (newest: () => PairState): ServedFiles =>
  new Map([[`/${pairFile}`, () => jsonOf(packSnapshot(newest()))]]);

const jsonOf = (value: unknown) => Buffer.from(JSON.stringify(value));
