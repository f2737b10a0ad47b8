import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes chunks of earlier builds, which have other names and would otherwise be part of the package.
 *
 * @param ofBuild matches the files that this build writes; another build writes the others to the same folder.
 */
export const noOldChunks = (ofBuild: RegExp) => ({
  name: 'wgrad-no-old-chunks',
  writeBundle({ dir }: { dir?: string | undefined }, bundle: object) {
    for (const name of readdirSync(join(dir!, 'chunks'))) {
      if (ofBuild.test(name) && !(`chunks/${name}` in bundle)) rmSync(join(dir!, 'chunks', name));
    }
  },
});
