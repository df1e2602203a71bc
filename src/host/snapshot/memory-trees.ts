/**
 * Files in memory as part of a snapshot: nodes with their contents, names and times, including those that exist only
 * because a program has them open.
 */
import { corrupt, foreign, type SnapshotReader } from '../../interpreter/snapshot/snapshot-reader.ts';
import type { SnapshotWriter } from '../../interpreter/snapshot/snapshot-writer.ts';
import { encodeUtf8 } from '../../syntax/utf8.ts';
import { ErrnoSignal } from '../wasi/errno.ts';
import {
  type AnyMemoryNode,
  MemoryDirectoryNode,
  MemoryFileNode,
  MemoryLinkNode,
  type MemoryVolume,
} from '../wasi/memory-nodes.ts';

const FILE = 0;
const DIRECTORY = 1;
const LINK = 2;

/** Numbers the nodes of trees. */
export class NodeWriter {
  readonly nodes: AnyMemoryNode[] = [];
  readonly volumes: MemoryVolume[] = [];
  readonly #numbers = new Map<AnyMemoryNode, number>();

  numberOf(node: AnyMemoryNode): number {
    let number = this.#numbers.get(node);
    if (number === undefined) {
      number = this.nodes.length;
      this.#numbers.set(node, number);
      this.nodes.push(node);
      if (!this.volumes.includes(node.volume)) this.volumes.push(node.volume);
    }
    return number;
  }

  /** Writes all nodes that are reachable from numbered ones. */
  write(out: SnapshotWriter): void {
    const { nodes } = this;
    // The list grows while it is iterated.
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      if (node instanceof MemoryDirectoryNode)
        for (const child of node.children.values()) this.numberOf(child);
    }
    out.list(this.volumes, ({ lastInode }) => out.big(lastInode));
    out.list(nodes, (node) => {
      const { ino, atim, mtim, ctim, nlink } = node;
      out.u8(node instanceof MemoryFileNode ? FILE : node instanceof MemoryDirectoryNode ? DIRECTORY : LINK);
      out.uint(this.volumes.indexOf(node.volume));
      for (const value of [ino, atim, mtim, ctim]) out.big(value);
      if (node instanceof MemoryFileNode) out.bytes(node.contents);
      else if (node instanceof MemoryLinkNode) out.text(node.target);
      else out.flag(nlink === 0);
    });
    for (const node of nodes) {
      if (!(node instanceof MemoryDirectoryNode)) continue;
      out.list([...node.children], ([name, child]) => {
        out.text(name);
        out.uint(this.numberOf(child));
      });
    }
  }
}

/** A node that was read, and its contents. */
interface ReadNode {
  readonly kind: number;
  readonly volume: number;
  readonly times: readonly [ino: bigint, atim: bigint, mtim: bigint, ctim: bigint];
  readonly contents: Uint8Array;
  readonly target: string;
  readonly isRemoved: boolean;
  children: readonly (readonly [name: string, child: number])[];
}

/** The nodes of trees that were read. */
interface ReadNodes {
  readonly volumes: readonly bigint[];
  readonly nodes: readonly ReadNode[];
}

const none = new Uint8Array(0);

/** Reads and checks nodes; makes nothing yet. */
export const readNodes = (reader: SnapshotReader): ReadNodes => {
  const volumes = reader.list(() => reader.big());
  const nodes = reader.list((): ReadNode => {
    const kind = reader.u8();
    if (kind > LINK) throw corrupt('unknown kind of file');
    const volume = reader.index(volumes.length, 'volume');
    const times = [reader.big(), reader.signedBig(), reader.signedBig(), reader.signedBig()] as const;
    const contents = kind === FILE ? reader.bytes() : none;
    const target = kind === LINK ? reader.text() : '';
    const isRemoved = kind === DIRECTORY && reader.flag();
    return { kind, volume, times, contents, target, isRemoved, children: [] };
  });
  for (const node of nodes) {
    if (node.kind !== DIRECTORY) continue;
    node.children = reader.list(() => [readName(reader), reader.index(nodes.length, 'file')] as const);
    if (new Set(node.children.map(([name]) => name)).size !== node.children.length)
      throw corrupt('a directory with a name twice');
  }
  requireForest(nodes);
  return { volumes, nodes };
};

const readName = (reader: SnapshotReader): string => {
  const name = reader.text();
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
    throw corrupt('a file without a name');
  return name;
};

/** SAFETY: a directory has at most one name, and none contains itself: otherwise walks over them would not end. */
const requireForest = (nodes: readonly ReadNode[]): void => {
  const parents = new Map<ReadNode, ReadNode>();
  for (const node of nodes) {
    for (const [, number] of node.children) {
      const child = nodes[number]!;
      if (child.volume !== node.volume) throw corrupt('a file in two volumes');
      if (child.kind !== DIRECTORY) continue;
      if (parents.has(child) || child.isRemoved) throw corrupt('a directory with several names');
      parents.set(child, node);
    }
    if (node.isRemoved && node.children.length > 0) throw corrupt('a removed directory that is not empty');
  }
  const reached = nodes.filter((node) => node.kind === DIRECTORY && !parents.has(node));
  const directories = nodes.filter(({ kind }) => kind === DIRECTORY).length;
  for (let i = 0; i < reached.length; i++)
    for (const [, number] of reached[i]!.children)
      if (nodes[number]!.kind === DIRECTORY) reached.push(nodes[number]!);
  if (reached.length !== directories) throw corrupt('directories that contain each other');
};

/**
 * Makes the nodes in the volumes of trees, whose contents they replace.
 *
 * @param roots for each tree: the number of its root, and the root that it becomes
 * @throws SnapshotError when the trees are not those of the snapshot, or have less room
 */
export const makeNodes = (
  { volumes, nodes }: ReadNodes,
  roots: readonly (readonly [number: number, root: MemoryDirectoryNode])[],
): AnyMemoryNode[] => {
  const made: AnyMemoryNode[] = [];
  const targets = new Map<number, MemoryVolume>();
  for (const [number, root] of roots) {
    const node = nodes[number]!;
    if (node.kind !== DIRECTORY || node.isRemoved) throw corrupt('a tree without a root');
    // Trees that shared a volume must share one again, and others must not.
    const isOther = (made[number] ?? root) !== root || (made.includes(root) && made[number] !== root);
    if (isOther || (targets.get(node.volume) ?? root.volume) !== root.volume)
      throw foreign('the files in memory are different ones');
    targets.set(node.volume, root.volume);
    made[number] = root;
  }
  if (new Set(targets.values()).size !== targets.size)
    throw foreign('the files in memory are different ones');
  if (volumes.some((_, i) => !targets.has(i))) throw corrupt('files that do not belong to a tree');
  for (const volume of targets.values()) volume.restart();
  try {
    nodes.forEach((node, i) => {
      made[i] = makeNode(node, targets.get(node.volume)!, made[i] as MemoryDirectoryNode | undefined);
    });
  } catch (error) {
    if (error instanceof ErrnoSignal) throw foreign('not enough room for the files in memory');
    throw error;
  }
  nodes.forEach((node, i) => {
    link(node, made[i]!, made);
  });
  targets.forEach((volume, i) => {
    volume.lastInode = volumes[i]!;
  });
  return made;
};

/** @throws ErrnoSignal when there is no room */
const makeNode = (
  { kind, times, contents, target, isRemoved }: ReadNode,
  volume: MemoryVolume,
  root: MemoryDirectoryNode | undefined,
): AnyMemoryNode => {
  let node: AnyMemoryNode;
  if (kind === FILE) {
    node = new MemoryFileNode(volume, 0n);
    node.write(contents, 0);
  } else if (kind === LINK) node = new MemoryLinkNode(volume, 0n, target, encodeUtf8(target).length);
  else if (root === undefined) node = new MemoryDirectoryNode(volume, 0n);
  else {
    node = root;
    root.claim();
  }
  [node.ino, node.atim, node.mtim, node.ctim] = times;
  node.nlink = kind === DIRECTORY && !isRemoved ? 1 : 0;
  return node;
};

const link = ({ children }: ReadNode, node: AnyMemoryNode, made: readonly AnyMemoryNode[]): void => {
  if (!(node instanceof MemoryDirectoryNode)) return;
  node.children.clear();
  for (const [name, number] of children) {
    const child = made[number]!;
    node.children.set(name, child);
    if (child instanceof MemoryDirectoryNode) child.parent = node;
    else child.nlink++;
  }
};
