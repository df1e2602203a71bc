/**
 * What the WASI of a plug-in has open, to be restored in the same process: descriptors with their positions, but not
 * the files. Files are on the tape, so they do not change when a call goes back.
 */
import type { AttributeMemory, DirectoryEntry } from '../host/platform/files.ts';
import type { Descriptor, DirectoryDescriptor } from '../host/wasi/descriptors.ts';
import type { Preview1 } from '../host/wasi/program.ts';

type Entry = readonly [number: number, descriptor: Descriptor];
type Listing = readonly [directory: DirectoryDescriptor, entries: readonly DirectoryEntry[]];
type StreamState = Pick<Descriptor, 'flags' | 'rights' | 'inheriting'> & { readonly position: number | null };

export interface WasiMark {
  readonly entries: readonly Entry[];
  readonly listings: readonly Listing[];
  readonly streams: readonly StreamState[];
  /** By tree; null for those that show attributes of the host. */
  readonly attributes: readonly (AttributeMemory | null)[];
}

/** Copies of descriptors, with listings of the copies; streams are not copied. */
const copy = (
  entries: readonly Entry[],
  listings: Iterable<Listing>,
): { readonly entries: Entry[]; readonly listings: Listing[] } => {
  const copies = new Map<Descriptor, Descriptor>();
  const copied = entries.map(([number, descriptor]): Entry => {
    const made = descriptor.kind === 'stream' ? descriptor : { ...descriptor };
    copies.set(descriptor, made);
    return [number, made];
  });
  const kept = [...listings].flatMap(([directory, list]): Listing[] => {
    const made = copies.get(directory);
    return made?.kind === 'directory' ? [[made, list]] : [];
  });
  return { entries: copied, listings: kept };
};

const copyOf = ({ beginning, entries }: AttributeMemory): AttributeMemory => ({
  beginning,
  entries: entries.map((entry) => ({ ...entry })),
});

/** What is open now. */
export const markWasi = ({ descriptors, streams, trees }: Preview1): WasiMark => ({
  ...copy(descriptors.entries, descriptors.listings),
  streams: streams.map(({ flags, rights, inheriting, progress }) => ({
    flags,
    rights,
    inheriting,
    position: progress?.position ?? null,
  })),
  attributes: trees.map(({ tree }) => (tree.attributes === undefined ? null : copyOf(tree.attributes))),
});

/** Restores what was open. */
export const putBackWasi = ({ descriptors, streams, trees }: Preview1, mark: WasiMark): void => {
  // Copied again: the mark may be needed once more.
  const { entries, listings } = copy(mark.entries, mark.listings);
  descriptors.exchange(entries, listings);
  mark.streams.forEach(({ position, ...state }, i) => {
    const stream = streams[i]!;
    Object.assign(stream, state);
    if (stream.progress !== undefined && position !== null) stream.progress.position = position;
  });
  mark.attributes.forEach((attributes, i) => {
    const own = trees[i]!.tree.attributes;
    if (own !== undefined && attributes !== null) Object.assign(own, copyOf(attributes));
  });
};
