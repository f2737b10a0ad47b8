import type { PlacedFile } from '../../../index.ts';

/** The files of a drop, those in folders too, with their paths. Has to be called while the drop is handled. */
export async function filesOfDrop(transfer: DataTransfer): Promise<PlacedFile[]> {
  // The list is emptied when the event is over: all entries first. What another program hands over may have none.
  const dropped = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? item.getAsFile() ?? []);
  const files: PlacedFile[] = [];
  for (const each of dropped) {
    if (each instanceof File) files.push({ path: each.name, file: each });
    else await collect(each, '', files);
  }
  return files;
}

/** The files of an input, with their folders where one was chosen. */
export const filesOfInput = (files: FileList): PlacedFile[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

async function collect(entry: FileSystemEntry, folder: string, files: PlacedFile[]): Promise<void> {
  const path = `${folder}${entry.name}`;
  // Chrome has no such classes to ask for: the two flags are all that tells.
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    files.push({ path, file });
  } else {
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      // A hundred at a time, until there are none.
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const each of some) await collect(each, `${path}/`, files);
    }
  }
}
