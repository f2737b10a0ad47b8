import { type FileBytes, Hdf5Error, isNowhere } from './bytes.ts';

/** A message of an object header, each of which describes one aspect of the object. */
export interface Message {
  type: number;
  at: number;
  size: number;
  flags: number;
}

export const messageTypes = {
  dataspace: 1,
  linkInfo: 2,
  datatype: 3,
  link: 6,
  layout: 8,
  filters: 11,
  attribute: 12,
  continuation: 16,
  symbolTable: 17,
  attributeInfo: 21,
} as const;

/** Reads the superblock: sets the sizes of offsets and lengths, and returns the address of the root group. */
export function rootOf(file: FileBytes): number {
  const version = file.integer(8, 1);
  if (version <= 1) {
    file.offsetSize = file.integer(13, 1);
    file.lengthSize = file.integer(14, 1);
    const entry = (version === 0 ? 24 : 28) + 4 * file.offsetSize;
    return file.offset(entry + file.offsetSize);
  }
  if (version > 3) throw new Hdf5Error(`a superblock of version ${version}`);
  file.offsetSize = file.integer(9, 1);
  file.lengthSize = file.integer(10, 1);
  return file.offset(12 + 3 * file.offsetSize);
}

/** All messages of the object at an address, including those in continuation blocks. */
export function messagesOf(file: FileBytes, address: number): Message[] {
  return file.text(address, 4) === 'OHDR' ? messagesOfVersion2(file, address) : messagesOfVersion1(file, address);
}

function messagesOfVersion1(file: FileBytes, address: number): Message[] {
  if (file.integer(address, 1) !== 1) throw new Hdf5Error(`an object header of version ${file.integer(address, 1)}`);
  const messages: Message[] = [];
  const blocks = [{ at: address + 16, size: file.integer(address + 8, 4) }];
  for (const block of blocks) {
    let { at } = block;
    const end = at + block.size;
    while (at + 8 <= end) {
      const message = { type: file.integer(at, 2), size: file.integer(at + 2, 2), flags: file.integer(at + 4, 1) };
      at += 8;
      follow(file, { ...message, at }, blocks, messages);
      at += message.size;
    }
  }
  return messages;
}

function messagesOfVersion2(file: FileBytes, address: number): Message[] {
  const flags = file.integer(address + 5, 1);
  const sizeBytes = 2 ** (flags & 3);
  const start = address + 6 + (flags & 32 ? 16 : 0) + (flags & 16 ? 4 : 0);
  const header = 4 + (flags & 4 ? 2 : 0);
  const messages: Message[] = [];
  const blocks = [{ at: start + sizeBytes, size: file.integer(start, sizeBytes) }];
  for (const [i, block] of blocks.entries()) {
    // A continuation block begins with OCHK and ends with a checksum.
    let at = block.at + (i > 0 ? 4 : 0);
    const end = block.at + block.size - (i > 0 ? 4 : 0);
    while (at + header <= end) {
      const message = { type: file.integer(at, 1), size: file.integer(at + 1, 2), flags: file.integer(at + 3, 1) };
      at += header;
      follow(file, { ...message, at }, blocks, messages);
      at += message.size;
    }
  }
  return messages;
}

function follow(file: FileBytes, message: Message, blocks: { at: number; size: number }[], messages: Message[]): void {
  if (message.type !== messageTypes.continuation) {
    messages.push(message);
    return;
  }
  if (blocks.length > 10_000) throw new Hdf5Error('an object header without an end');
  blocks.push({ at: file.offset(message.at), size: file.integer(message.at + file.offsetSize, file.lengthSize) });
}

/** The members of a group: addresses of their headers, by name. */
export function membersOf(file: FileBytes, messages: readonly Message[]): Map<string, number> {
  const members = new Map<string, number>();
  for (const { type, at } of messages) {
    if (type === messageTypes.symbolTable) {
      const heap = file.offset(at + file.offsetSize);
      const names = file.offset(heap + 8 + 2 * file.lengthSize);
      for (const leaf of leavesOf(file, file.offset(at), 0)) addSymbols(file, leaf, names, members);
    } else if (type === messageTypes.link) addLink(file, at, members);
    else if (type === messageTypes.linkInfo && !isNowhere(denseLinks(file, at))) {
      throw new Hdf5Error('a group whose links lie in a fractal heap, as libver="latest" writes large ones');
    }
  }
  return members;
}

function denseLinks(file: FileBytes, at: number): number {
  return file.offset(at + 2 + (file.integer(at + 1, 1) & 1 ? 8 : 0));
}

/** The symbol table nodes of a group's version 1 B-tree. */
function leavesOf(file: FileBytes, address: number, depth: number): number[] {
  if (isNowhere(address)) return [];
  if (file.text(address, 4) !== 'TREE' || depth > 16) throw new Hdf5Error('a group without its tree');
  const level = file.integer(address + 5, 1);
  const entries = file.integer(address + 6, 2);
  const step = file.lengthSize + file.offsetSize;
  const first = address + 8 + 2 * file.offsetSize + file.lengthSize;
  const children = Array.from({ length: entries }, (_, i) => file.offset(first + i * step));
  return level === 0 ? children : children.flatMap((child) => leavesOf(file, child, depth + 1));
}

function addSymbols(file: FileBytes, node: number, names: number, members: Map<string, number>): void {
  if (file.text(node, 4) !== 'SNOD') throw new Hdf5Error('a group without its symbols');
  const entries = file.integer(node + 6, 2);
  const size = 2 * file.offsetSize + 24;
  for (let i = 0; i < entries; i++) {
    const at = node + 8 + i * size;
    members.set(file.name(names + file.offset(at)), file.offset(at + file.offsetSize));
  }
}

function addLink(file: FileBytes, start: number, members: Map<string, number>): void {
  const flags = file.integer(start + 1, 1);
  let at = start + 2;
  const kind = flags & 8 ? file.integer(at++, 1) : 0;
  if (flags & 4) at += 8;
  if (flags & 16) at++;
  const size = 2 ** (flags & 3);
  const length = file.integer(at, size);
  const name = new TextDecoder().decode(file.slice(at + size, length));
  if (kind === 0) members.set(name, file.offset(at + size + length));
}
