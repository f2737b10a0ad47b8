import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Short files whose tests take long. By their size they would start last, and all other processes would be idle while one runs them. */
const long = /\/(chaos|crash|waits|bench|run|twins|portable|first_screen|gpu_kit|api_reference)\.node\.test\.ts$/;

/**
 * Starts the longest files first, so that all workers end at about the same time. Vitest sorts by the duration of the previous run, or on a
 * machine that has not run the tests yet, by file size.
 */
export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
