import { DataError } from '../../errors.ts';
import { type FileBytes, type FileIdentifier, type IdentifiedFile, placeUnder } from '../identify.ts';
import type { IgnoredFile } from '../reading_report.ts';
import { withoutEnding } from './entry.ts';

/** Maximum nesting depth of archives: some Kaggle data sets are zips of zips. */
const mostNested = 3;

/** The files after archives were replaced by their contents. */
export interface Unpacked {
  files: IdentifiedFile[];
  ignored: IgnoredFile[];
  notes: string[];
}

/**
 * Replaces each archive by its files, in a folder named after the archive.
 *
 * @throws DataError if an archive is damaged, expands suspiciously much, or contains paths that point outside of it.
 */
export async function unpackArchives(files: readonly IdentifiedFile[], identify: FileIdentifier): Promise<Unpacked> {
  const ignored: IgnoredFile[] = [];
  const notes: string[] = [];
  const unpack = async (all: readonly IdentifiedFile[], depth: number): Promise<IdentifiedFile[]> => {
    const found: IdentifiedFile[][] = [];
    for (const archive of all) {
      if (archive.format.kind !== 'archive') found.push([archive]);
      else if (depth === mostNested) throw tooDeep(archive.path);
      else found.push(await unpack(await contentOf(archive), depth + 1));
    }
    return found.flat();
  };
  const contentOf = async ({ path, file, format }: IdentifiedFile): Promise<IdentifiedFile[]> => {
    const isTar = format.name.startsWith('tar');
    const content = isTar
      ? await (await import('./tar.ts')).filesInTar(path, format.gzip ? await unpackedBy(path, file) : file)
      : await (await import('./zip.ts')).filesInZip(path, file);
    const folder = withoutEnding(path);
    ignored.push(...content.ignored.map((one) => ({ ...one, path: `${folder}/${one.path}` })));
    notes.push(`${path}: ${format.name}, read without unpacking it`);
    return identify(placeUnder(folder, content.files));
  };
  return { files: await unpack(files, 0), ignored, notes };
}

/** In a tar.gz, the files of the tar archive are stored consecutively in the compressed data. */
const unpackedBy = async (path: string, file: FileBytes) => (await import('./gzip_file.ts')).openGzip(file, path);

const tooDeep = (path: string) =>
  new DataError({
    what: `${path} is an archive in an archive in an archive`,
    found: `${mostNested + 1} nested archives`,
    expected: `at most ${mostNested}`,
    fix: 'unpack the outer ones, and use the resulting folder',
  });
