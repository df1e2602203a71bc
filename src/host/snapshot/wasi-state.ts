/**
 * State of WASI as part of a snapshot: files in memory, and descriptors. Standard streams and directories of the host
 * come from the options with which the snapshot is restored; files in them are opened again by path.
 */

import { SnapshotError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
import { corrupt, foreign, type SnapshotReader } from '../../interpreter/snapshot/snapshot-reader.ts';
import type { SnapshotWriter } from '../../interpreter/snapshot/snapshot-writer.ts';
import { encodeUtf8 } from '../../syntax/utf8.ts';
import type {
  AttributeMemory,
  DirectoryEntry,
  FileTree,
  Filetype,
  OpenDirectory,
  OpenFile,
} from '../platform/files.ts';
import { FDFLAGS_ALL, filetypes, rights } from '../wasi/abi.ts';
import {
  type Descriptor,
  type DirectoryDescriptor,
  type FileDescriptor,
  KEPT_LISTINGS,
  MAX_DESCRIPTORS,
} from '../wasi/descriptors.ts';
import { ErrnoSignal } from '../wasi/errno.ts';
import { type AnyMemoryNode, MemoryDirectoryNode, memoryNodeOf } from '../wasi/memory-nodes.ts';
import { WRITING } from '../wasi/path-functions.ts';
import { walkPath } from '../wasi/path-walk.ts';
import type { Preview1 } from '../wasi/program.ts';
import { makeNodes, NodeWriter, readNodes } from './memory-trees.ts';

const STREAM = 0;
const FILE = 1;
const DIRECTORY = 2;

const unsupported = (detail: string): Error => new SnapshotError('snapshot.unsupported', { detail });

/** Writes the section. */
export const writeWasi = (out: SnapshotWriter, wasi: Preview1): void => {
  const nodes = new NodeWriter();
  const { entries, listings } = wasi.descriptors;
  out.list(wasi.trees, ({ name, tree }) => {
    out.text(name);
    const root = rootOf(tree);
    out.flag(root !== undefined);
    if (root !== undefined) out.uint(nodes.numberOf(root));
    writeAttributes(out, tree.attributes);
  });
  for (const [, descriptor] of entries) {
    const node = nodeOf(descriptor);
    if (node !== undefined) nodes.numberOf(node);
  }
  nodes.write(out);
  out.list(entries, ([number, descriptor]) => {
    out.uint(number);
    writeDescriptor(out, wasi, descriptor, nodes);
  });
  out.list([...listings], ([directory, kept]) => {
    out.uint(entries.findIndex(([, descriptor]) => descriptor === directory));
    out.list(kept, ({ name, filetype }) => {
      out.text(name);
      out.u8(filetypes[filetype]);
    });
  });
};

/** Attributes that a tree shows instead of the host's. */
const writeAttributes = (out: SnapshotWriter, attributes: AttributeMemory | undefined): void => {
  out.flag(attributes !== undefined);
  if (attributes === undefined) return;
  out.big(attributes.beginning);
  out.list(attributes.entries, ({ key, ino, atim, mtim, ctim }) => {
    out.text(key);
    for (const value of [ino, atim, mtim, ctim]) out.big(value);
  });
};

const readAttributes = (reader: SnapshotReader): AttributeMemory | null => {
  if (!reader.flag()) return null;
  const beginning = reader.big();
  const entries = reader.list(() => {
    const key = reader.text();
    return { key, ino: reader.big(), atim: reader.big(), mtim: reader.big(), ctim: reader.big() };
  });
  return { beginning, entries };
};

/** Root of a tree in memory. */
const rootOf = ({ memory }: FileTree): MemoryDirectoryNode | undefined => {
  const root = memoryNodeOf(memory?.root);
  return root instanceof MemoryDirectoryNode ? root : undefined;
};

const nodeOf = (descriptor: Descriptor): AnyMemoryNode | undefined => {
  if (descriptor.kind === 'stream') return undefined;
  return memoryNodeOf(descriptor.kind === 'file' ? descriptor.file.node : descriptor.directory.node);
};

const writeDescriptor = (
  out: SnapshotWriter,
  wasi: Preview1,
  descriptor: Descriptor,
  nodes: NodeWriter,
): void => {
  const { kind, flags } = descriptor;
  out.u8(kind === 'stream' ? STREAM : kind === 'file' ? FILE : DIRECTORY);
  out.uint(flags);
  out.big(descriptor.rights);
  out.big(descriptor.inheriting);
  if (kind === 'stream') {
    out.uint(wasi.streams.indexOf(descriptor));
    out.uint(descriptor.progress?.position ?? 0);
    return;
  }
  const { tree, path } = descriptor.origin;
  const node = nodeOf(descriptor);
  if (node === undefined && path === null) throw unsupported('an open file whose path is too long');
  out.uint(tree);
  out.flag(node !== undefined);
  if (node !== undefined) out.uint(nodes.numberOf(node));
  out.text(path ?? '');
  if (kind === 'file') out.uint(descriptor.position);
  else out.flag(descriptor.preopenName !== null);
};

/** Reads the section into a new WASI. */
export const readWasi = (reader: SnapshotReader, wasi: Preview1): void => {
  const trees = reader.list(() => {
    const name = reader.text();
    const root = reader.flag() ? reader.uint(Number.MAX_SAFE_INTEGER) : null;
    return { name, root, attributes: readAttributes(reader) };
  });
  if (trees.map(({ name }) => name).join('\0') !== wasi.trees.map(({ name }) => name).join('\0')) {
    const wanted = trees.map(({ name }) => `"${nameText(name)}"`).join(', ') || 'none';
    throw foreign(`it needs other directories: ${wanted}`);
  }
  trees.forEach(({ attributes }, i) => {
    const own = wasi.trees[i]!.tree.attributes;
    if ((own === undefined) !== (attributes === null))
      throw foreign('deterministic and other plug-ins see files differently');
    if (own !== undefined && attributes !== null) Object.assign(own, attributes);
  });
  const found = readNodes(reader);
  const roots = trees.flatMap(({ name, root }, i) => {
    if (root === null) return [];
    const own = rootOf(wasi.trees[i]!.tree);
    if (own === undefined) throw foreign(`"${name}" was a directory in memory`);
    if (root >= found.nodes.length) throw corrupt('a tree without a root');
    return [[root, own] as const];
  });
  const nodes = makeNodes(found, roots);
  const opener = new Opener(reader, wasi, nodes);
  try {
    const entries = readEntries(reader, opener);
    wasi.descriptors.replace(entries, readListings(reader, entries));
  } catch (error) {
    opener.closeAll();
    if (error instanceof ErrnoSignal)
      throw foreign(`a file or directory cannot be opened again: ${error.name}`);
    throw error;
  }
};

type Entry = readonly [number: number, descriptor: Descriptor];

const readEntries = (reader: SnapshotReader, opener: Opener): Entry[] => {
  let last = -1;
  const entries = reader.list((count): Entry => {
    if (count >= MAX_DESCRIPTORS) throw corrupt('too many descriptors');
    const number = reader.uint(0xffff_ffff);
    if (number <= last) throw corrupt('descriptors out of order');
    last = number;
    return [number, opener.read()];
  });
  return entries;
};

const kinds: ReadonlyMap<number, Filetype> = new Map(
  (Object.keys(filetypes) as Filetype[]).map((name) => [filetypes[name], name]),
);

const readListings = (
  reader: SnapshotReader,
  entries: readonly Entry[],
): (readonly [DirectoryDescriptor, readonly DirectoryEntry[]])[] =>
  reader.list((count) => {
    if (count >= KEPT_LISTINGS) throw corrupt('too many listings');
    const descriptor = entries[reader.index(entries.length, 'descriptor')]![1];
    if (descriptor.kind !== 'directory') throw corrupt('a listing of something that is not a directory');
    const kept = reader.list(() => {
      const name = reader.text();
      const filetype = kinds.get(reader.u8());
      if (filetype === undefined) throw corrupt('unknown type of a file');
      return { name, filetype };
    });
    return [descriptor, kept] as const;
  });

/** Opens the files of descriptors. */
class Opener {
  readonly #reader: SnapshotReader;
  readonly #wasi: Preview1;
  readonly #nodes: readonly AnyMemoryNode[];
  readonly #opened: (OpenFile | OpenDirectory)[] = [];

  constructor(reader: SnapshotReader, wasi: Preview1, nodes: readonly AnyMemoryNode[]) {
    this.#reader = reader;
    this.#wasi = wasi;
    this.#nodes = nodes;
  }

  closeAll(): void {
    for (const open of this.#opened) {
      try {
        open.close();
      } catch (error) {
        if (!(error instanceof ErrnoSignal)) throw error;
      }
    }
  }

  /** Reads one descriptor. @throws ErrnoSignal */
  read(): Descriptor {
    const reader = this.#reader;
    const kind = reader.u8();
    const base = { flags: reader.uint(FDFLAGS_ALL), rights: reader.big(), inheriting: reader.big() };
    if (kind === STREAM) return this.#stream(base);
    if (kind !== FILE && kind !== DIRECTORY) throw corrupt('unknown kind of descriptor');
    const tree = reader.index(this.#wasi.trees.length, 'directory');
    const node = reader.flag() ? this.#nodes[reader.index(this.#nodes.length, 'file')]! : null;
    const path = reader.text();
    const open = this.#open({ tree, path }, node, kind, base.rights);
    this.#opened.push(open);
    const origin = { tree, path };
    if (open.kind === 'file')
      return { ...base, kind: 'file', file: open, origin, position: reader.uint(Number.MAX_SAFE_INTEGER) };
    const preopenName = reader.flag() ? encodeUtf8(this.#wasi.trees[tree]!.name) : null;
    return { ...base, kind: 'directory', directory: open, origin, preopenName };
  }

  #stream(base: Pick<FileDescriptor, 'flags' | 'rights' | 'inheriting'>): Descriptor {
    const { streams } = this.#wasi;
    const stream = streams[this.#reader.index(streams.length, 'stream')]!;
    const position = this.#reader.uint(Number.MAX_SAFE_INTEGER);
    if (stream.progress !== undefined) stream.progress.position = position;
    return Object.assign(stream, base);
  }

  #open(
    { tree, path }: { tree: number; path: string },
    node: AnyMemoryNode | null,
    kind: number,
    held: bigint,
  ): OpenFile | OpenDirectory {
    const { tree: target } = this.#wasi.trees[tree]!;
    if (node !== null) {
      const open = target.memory?.openNode(node, this.#wasi.now) ?? null;
      if (open?.kind !== (kind === FILE ? 'file' : 'directory'))
        throw corrupt('an open file of another kind');
      return open;
    }
    const root = target.openRoot(this.#wasi.now);
    if (path === '' && kind === DIRECTORY) return root;
    try {
      return openPath(root, path, kind, held);
    } finally {
      root.close();
    }
  }
}

const openPath = (root: OpenDirectory, path: string, kind: number, held: bigint): OpenFile | OpenDirectory =>
  walkPath(
    () => {},
    root,
    path,
    true,
    ({ directory, name }) => {
      if (kind === DIRECTORY) return name === null ? directory.reopen() : directory.openDirectory(name);
      if (name === null) throw new ErrnoSignal('isdir');
      const write = (held & WRITING) !== 0n;
      const read = (held & rights.fd_read) !== 0n || !write;
      return directory.openFile(name, { read, write, create: false, truncate: false });
    },
  );
