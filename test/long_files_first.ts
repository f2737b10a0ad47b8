import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { longFiles } from './long_files.ts';

const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = longFiles.findIndex((name) => moduleId.endsWith(`/${name}.node.test.ts`));
  return place < 0 ? longFiles.length : place;
};

/**
 * Starts the longest files first, so that all processes end at about the same time. The order of the others is Vitest's: by the duration of
 * the previous run, or on a machine that has not run the tests yet, by file size.
 */
export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => placeOf(a) - placeOf(b));
  }
}
