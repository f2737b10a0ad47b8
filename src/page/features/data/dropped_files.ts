import type { PlacedFile } from '../../../index.ts';

/** The files of a drop, including those in folders, with their paths. Must be called while the drop event is handled. */
export async function filesOfDrop(transfer: DataTransfer): Promise<PlacedFile[]> {
  // The list is cleared after the event, so all entries are read first. Items from other programs may have no entry.
  const dropped = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? item.getAsFile() ?? []);
  const files: PlacedFile[] = [];
  for (const each of dropped) {
    if (each instanceof File) files.push({ path: each.name, file: each });
    else await collect(each, '', files);
  }
  return files;
}

/** The files of an input, with their folders if one was chosen. */
export const filesOfInput = (files: FileList): PlacedFile[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

async function collect(entry: FileSystemEntry, folder: string, files: PlacedFile[]): Promise<void> {
  const path = `${folder}${entry.name}`;
  // Chrome does not expose the entry classes, so the two flags have to be used.
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    files.push({ path, file });
  } else {
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      // Each call returns up to a hundred entries, until none are left.
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const each of some) await collect(each, `${path}/`, files);
    }
  }
}
