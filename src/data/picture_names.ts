import { foldersOf, nameOf } from './identify.ts';

/** Looks up a picture by its path, or by its name; with or without extension. */
interface PictureNames {
  byPath: ReadonlyMap<string, string>;
  byName: ReadonlyMap<string, readonly string[]>;
}

export function pictureNames(pictures: readonly string[]): PictureNames {
  const [byPath, byName] = [new Map<string, string>(), new Map<string, string[]>()];
  const withoutEnding = (name: string) => name.replace(/\.[^./]+$/, '');
  for (const picture of pictures) {
    for (const one of [picture, withoutEnding(picture)]) byPath.set(one, picture);
    const name = nameOf(picture);
    for (const one of new Set([name, withoutEnding(name)])) {
      const same = byName.get(one);
      if (same) same.push(picture);
      else byName.set(one, [picture]);
    }
  }
  return { byPath, byName };
}

/** Finds the picture that a table cell refers to. */
export type PictureFinder = (cell: string) => string | undefined;

/**
 * Matches the full path, the path relative to one of the table's folders, or the name, with or without extension. If several pictures share
 * a name, it refers to the one below the table's folder, provided that there is exactly one.
 */
export function pictureFinder(table: string, { byPath, byName }: PictureNames): PictureFinder {
  const folders = foldersOf(table);
  const prefixes = folders.map((_, depth) => `${folders.slice(0, depth + 1).join('/')}/`).reverse();
  return (cell) => {
    if (cell === '') return undefined;
    const name = cell.replaceAll('\\', '/').replace(/^\.?\//, '');
    for (const prefix of [...prefixes, '']) {
      const picture = byPath.get(prefix + name);
      if (picture) return picture;
    }
    const same = byName.get(name) ?? byName.get(nameOf(name)) ?? [];
    if (same.length === 1) return same[0];
    for (const prefix of prefixes) {
      const near = same.filter((picture) => picture.startsWith(prefix));
      if (near.length > 0) return near.length === 1 ? near[0] : undefined;
    }
    return undefined;
  };
}
