/** The nodes of a memory file system: the contents of its directories, and the budget that all of them share. */

import type { FileStat, FileTimes, StoredNode } from '../platform/files.ts';
import { ErrnoSignal } from './errno.ts';

/** What a node costs in addition to its contents: names, maps and objects of the host. */
const NODE_BYTES = 512;
const MEMORY_DEVICE = 1n;
/** Most directories above one into which another is moved. */
const MAX_DEPTH = 4096;

/** Room of a memory file system, and state that its nodes share. */
export class MemoryVolume {
  readonly #maxBytes: number;
  #usedBytes = 0;
  #lastInode = 0n;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws ErrnoSignal `nospc`, without taking anything */
  take(byteCount: number): void {
    if (byteCount > this.#maxBytes - this.#usedBytes) throw new ErrnoSignal('nospc');
    this.#usedBytes += byteCount;
  }

  give(byteCount: number): void {
    this.#usedBytes -= byteCount;
  }

  /** The last assigned number. */
  get lastInode(): bigint {
    return this.#lastInode;
  }

  set lastInode(number: bigint) {
    this.#lastInode = number;
  }

  /** Drops all nodes, so that a snapshot can fill it. */
  restart(): void {
    this.#usedBytes = 0;
  }

  nextInode(): bigint {
    this.#lastInode += 1n;
    return this.#lastInode;
  }
}

abstract class MemoryNode {
  abstract readonly filetype: 'file' | 'directory' | 'symbolic-link';
  /** Bytes of contents. */
  abstract readonly byteLength: number;
  readonly volume: MemoryVolume;
  ino: bigint;
  /** Number of names of the node, and of handles that keep it without a name. */
  nlink = 1;
  holders = 0;
  atim: bigint;
  mtim: bigint;
  ctim: bigint;

  constructor(volume: MemoryVolume, now: bigint, byteLength = 0) {
    volume.take(NODE_BYTES + byteLength);
    this.volume = volume;
    this.ino = volume.nextInode();
    this.atim = now;
    this.mtim = now;
    this.ctim = now;
  }

  stat(): FileStat {
    const { filetype, ino, nlink, atim, mtim, ctim } = this;
    const size = BigInt(this.byteLength);
    return { filetype, dev: MEMORY_DEVICE, ino, nlink: BigInt(nlink), size, atim, mtim, ctim };
  }

  setTimes({ atim, mtim }: FileTimes, now: bigint): void {
    this.atim = atim ?? this.atim;
    this.mtim = mtim ?? this.mtim;
    this.ctim = now;
  }

  /** Records a change of the contents. */
  touch(now: bigint): void {
    this.mtim = now;
    this.ctim = now;
  }

  /** Releases the room when the node has neither names nor handles. */
  settle(): void {
    if (this.nlink > 0 || this.holders > 0) return;
    this.volume.give(NODE_BYTES + this.byteLength);
  }
}

/** A regular file. */
export class MemoryFileNode extends MemoryNode {
  readonly filetype = 'file';
  /** May be longer than the file; the rest is zero. */
  #data = new Uint8Array(0);
  #byteLength = 0;

  get byteLength(): number {
    return this.#byteLength;
  }

  get contents(): Uint8Array {
    return this.#data.subarray(0, this.#byteLength);
  }

  /** Makes room in steps that grow with the file, so that many small writes stay linear. */
  #reserve(byteLength: number, taken: number): void {
    try {
      const data = new Uint8Array(Math.max(byteLength, Math.ceil(1.5 * this.#data.length)));
      data.set(this.contents);
      this.#data = data;
    } catch {
      // The budget of the embedder may exceed the memory of the machine.
      this.volume.give(taken);
      throw new ErrnoSignal('nospc');
    }
  }

  /** @throws ErrnoSignal `nospc` */
  resize(byteLength: number): void {
    const added = byteLength - this.#byteLength;
    if (added > 0) this.volume.take(added);
    if (byteLength > this.#data.length) this.#reserve(byteLength, added);
    if (added < 0) {
      this.volume.give(-added);
      this.#data.fill(0, byteLength, this.#byteLength);
    }
    this.#byteLength = byteLength;
  }

  /** Writes at a position, growing the file. */
  write(bytes: Uint8Array, position: number): void {
    if (position + bytes.length > this.#byteLength) this.resize(position + bytes.length);
    this.#data.set(bytes, position);
  }
}

/** A symbolic link. */
export class MemoryLinkNode extends MemoryNode {
  readonly filetype = 'symbolic-link';
  readonly target: string;
  readonly byteLength: number;

  constructor(volume: MemoryVolume, now: bigint, target: string, byteLength: number) {
    super(volume, now, byteLength);
    this.target = target;
    this.byteLength = byteLength;
  }
}

/** Anything that has a name. */
export type AnyMemoryNode = MemoryFileNode | MemoryLinkNode | MemoryDirectoryNode;

/** A stored node as one of a tree in memory of this library; undefined for anything else. */
export const memoryNodeOf = (node: StoredNode | undefined): AnyMemoryNode | undefined =>
  node instanceof MemoryNode ? (node as AnyMemoryNode) : undefined;

/** A directory. */
export class MemoryDirectoryNode extends MemoryNode {
  readonly filetype = 'directory';
  readonly byteLength = 0;
  readonly children = new Map<string, AnyMemoryNode>();
  /** Null for the root, and after removal. */
  parent: MemoryDirectoryNode | null = null;

  /** Takes the room of a node that was dropped. @throws ErrnoSignal `nospc` */
  claim(): void {
    this.volume.take(NODE_BYTES);
    this.parent = null;
  }

  get isRemoved(): boolean {
    return this.nlink === 0;
  }

  /** Gives a node a name here. */
  attach(name: string, node: AnyMemoryNode, now: bigint): void {
    if (this.isRemoved) throw new ErrnoSignal('noent');
    this.children.set(name, node);
    if (node instanceof MemoryDirectoryNode) node.parent = this;
    this.touch(now);
  }

  /** Removes a name; the node is unchanged. */
  detach(name: string, now: bigint): void {
    this.children.delete(name);
    this.touch(now);
  }

  /**
   * Whether this directory is `other` or inside it.
   *
   * @throws ErrnoSignal `nametoolong` if it is too deep to decide: the work of one call is bounded
   */
  isWithin(other: MemoryDirectoryNode): boolean {
    let depth = 0;
    for (let at: MemoryDirectoryNode | null = this; at !== null; at = at.parent) {
      if (at === other) return true;
      depth++;
      if (depth > MAX_DEPTH) throw new ErrnoSignal('nametoolong');
    }
    return false;
  }
}
