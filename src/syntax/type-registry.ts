/**
 * The defined types of the process: recursive groups by content, types by id.
 *
 * A group lives as long as anything has one of its types: a module, or a value, a tag, a function or a table that
 * outlived its module. A module that declares the group in the meantime gets the same types. Modules are counted by
 * their list of types; a list is released by code that knows that the module is gone, otherwise by the host's
 * collector.
 *
 * A weak reference that is made or read keeps its target alive until the end of the JavaScript job. A loop that never
 * leaves its job must not fill the memory with released modules, so the youngest groups are held strongly, without a
 * weak reference. Some engines have no weak references: there, a group that is never released stays forever.
 */
import type { DefType, RecGroup } from './types.ts';

/** A group in the tables. */
interface Entry {
  readonly key: string;
  readonly firstId: number;
  readonly size: number;
  /** Null while it is held weakly. */
  group: RecGroup | null;
  weak: WeakRef<RecGroup> | null;
  /** Lists of types that the group is in. */
  holders: number;
  /** Whether anything other than modules may have its types. */
  isShared: boolean;
  /** Whether the collector reports when it is gone; otherwise it reports the last list. */
  isWatched: boolean;
  isRemoved: boolean;
}

/** More ids than there is room for types; ids are reused only after all were used. */
const ID_COUNT = 1 << 28;
/** Most types of groups that are held strongly: about 12 MB. */
const MAX_YOUNG = 1 << 14;

const hasWeak = typeof FinalizationRegistry !== 'undefined' && typeof WeakRef !== 'undefined';

const byKey = new Map<string, Entry>();
/** PERF: types by id in pages of 4,096: as fast as one array, which would keep a hole for every id ever used. */
const PAGE_BITS = 12;
const PAGE_MASK = (1 << PAGE_BITS) - 1;
interface Page {
  readonly types: (DefType | Entry | undefined)[];
  count: number;
}
const pages: (Page | undefined)[] = [];
let nextId = 0;
let areUsedUp = false;

/** Groups of modules that are held strongly, oldest first. */
const young = new Set<Entry>();
let youngSize = 0;

const collectedGroups = hasWeak ? new FinalizationRegistry<Entry>((entry) => remove(entry)) : null;
const collectedLists = hasWeak
  ? new FinalizationRegistry<readonly Entry[]>((entries) => giveUp(entries, true))
  : null;
const entriesOf = new WeakMap<readonly DefType[], readonly Entry[]>();

const itemOf = (id: number): DefType | Entry | undefined => pages[id >> PAGE_BITS]?.types[id & PAGE_MASK];

const setItem = (id: number, item: DefType | Entry): void => {
  const page = (pages[id >> PAGE_BITS] ??= { types: [], count: 0 });
  if (page.types[id & PAGE_MASK] === undefined) page.count++;
  page.types[id & PAGE_MASK] = item;
};

const dropItem = (id: number): void => {
  const page = pages[id >> PAGE_BITS]!;
  page.types[id & PAGE_MASK] = undefined;
  if (--page.count === 0) pages[id >> PAGE_BITS] = undefined;
};

/** The first of `count` consecutive free ids. */
const takeIds = (count: number): number => {
  for (;;) {
    if (nextId + count > ID_COUNT) {
      nextId = 0;
      areUsedUp = true;
    }
    const first = nextId;
    let free = 0;
    while (free < count && !(areUsedUp && itemOf(first + free) !== undefined)) free++;
    nextId = first + free;
    if (free === count) return first;
    nextId++;
  }
};

/** Removes a group that is no longer used from the tables. */
const remove = (entry: Entry): void => {
  if (entry.isRemoved) return;
  entry.isRemoved = true;
  leaveYoung(entry);
  // Its content may have a new entry since, before the collector reported.
  if (byKey.get(entry.key) === entry) byKey.delete(entry.key);
  for (let i = 0; i < entry.size; i++) dropItem(entry.firstId + i);
};

const leaveYoung = (entry: Entry): void => {
  if (young.delete(entry)) youngSize -= entry.size;
};

/** Keeps a group only as long as something else uses it. */
const weaken = (entry: Entry): void => {
  leaveYoung(entry);
  if (entry.group === null || !hasWeak) return;
  entry.weak ??= new WeakRef(entry.group);
  entry.group = null;
  for (let i = 0; i < entry.size; i++) setItem(entry.firstId + i, entry);
};

/** The same for a group that no module uses. */
const leaveToOthers = (entry: Entry): void => {
  entry.isShared = true;
  weaken(entry);
  const group = groupOfEntry(entry);
  if (group === null) remove(entry);
  else if (!entry.isWatched) {
    entry.isWatched = true;
    collectedGroups?.register(group, entry, entry);
  }
};

const groupOfEntry = (entry: Entry): RecGroup | null => entry.group ?? entry.weak?.deref() ?? null;

const giveUp = (entries: readonly Entry[], mayBeInUse: boolean): void => {
  for (const entry of entries) {
    if (--entry.holders > 0) continue;
    if (mayBeInUse || entry.isShared) leaveToOthers(entry);
    else remove(entry);
  }
};

/** The groups that the types of one module are in, while they are read. */
export class TypeHold {
  private readonly entries: Entry[] = [];

  /** @internal */
  add(entry: Entry): void {
    entry.holders++;
    this.entries.push(entry);
  }

  /** From now on the groups are held as long as the list exists, or until it is released. */
  tie(types: readonly DefType[]): void {
    if (this.entries.length === 0) return;
    entriesOf.set(types, this.entries);
    collectedLists?.register(types, this.entries, types);
  }

  /** Releases the groups: nothing has any of the types. */
  release(): void {
    giveUp(this.entries, false);
  }
}

/** Releases the groups of a module's list of types, if nothing else got a type from that module. */
export const releaseTypes = (types: readonly DefType[]): void => {
  const entries = entriesOf.get(types);
  if (entries === undefined) return;
  entriesOf.delete(types);
  collectedLists?.unregister(types);
  giveUp(entries, false);
};

/**
 * The group of a content, made if it does not exist.
 *
 * @param make gets the id of the first type
 * @param hold of the module that declares it; null for all others
 */
export const groupOf = (
  key: string,
  size: number,
  hold: TypeHold | null,
  make: (firstId: number) => RecGroup,
): RecGroup => {
  let entry = byKey.get(key);
  let group = entry === undefined ? null : groupOfEntry(entry);
  if (entry === undefined || group === null) {
    const firstId = takeIds(size);
    group = make(firstId);
    entry = {
      key,
      firstId,
      size,
      group,
      weak: null,
      holders: 0,
      isShared: false,
      isWatched: false,
      isRemoved: false,
    };
    byKey.set(key, entry);
    for (const type of group.types) setItem(type.id, type);
    if (hold !== null) {
      young.add(entry);
      youngSize += size;
    }
  }
  hold?.add(entry);
  if (hold === null) {
    // The owner of the types will not report when it is done.
    entry.isShared = true;
    if (entry.holders === 0) leaveToOthers(entry);
  }
  for (const oldest of young) {
    if (youngSize <= MAX_YOUNG) break;
    weaken(oldest);
  }
  return group;
};

/** The type of an id. */
export const typeOfId = (id: number): DefType | undefined => {
  const item = itemOf(id);
  if (item === undefined || 'comp' in item) return item;
  return groupOfEntry(item)?.types[id - item.firstId];
};

/** How many groups there are. For tests. @internal */
export const countGroups = (): number => byKey.size;
