import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Short files whose tests take long: by their size they would start last, and one process would wait for them at the end. */
const long = /\/(chaos|crash|waits|bench|run|twins|portable|first_screen|gpu_kit|api_reference)\.node\.test\.ts$/;

/**
 * Starts with what takes longest, so that all workers end together. Vitest goes by how long a file took the last time, and
 * on a machine that has not run the tests by its size.
 */
export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
