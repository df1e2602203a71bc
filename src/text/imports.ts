/** Imports: single ones, and lists of imports of one module. @spec text-import */

import { ByteWriter } from '../syntax/byte-writer.ts';
import type { ExternKind } from '../syntax/module.ts';
import type { Cursor } from './cursor.ts';
import { externKinds, kindCodes } from './declarations.ts';
import { KEY } from './keywords.ts';
import type { Spaces } from './spaces.ts';
import { ID, RIGHT } from './tokens.ts';
import type { TypeSection } from './type-section.ts';
import { copyGlobalType, copyMemoryType, copyTableType } from './types.ts';

/** An imported function of an exact type. */
const EXACT_FUNC = 0x20;

/** Instead of a kind, after an empty name: a list of names with types, or of names of one type. */
const TYPED_ITEMS = 0x7f;
const ITEMS_OF_ONE_TYPE = 0x7e;

/** Writes the type of a tag. @spec text-tagtype */
export const copyTagType = (cursor: Cursor, spaces: Spaces, types: TypeSection, out: ByteWriter): void => {
  spaces.local.reset();
  out.byte(0);
  out.u32(types.readTypeUse(cursor, spaces.local));
};

/** Writes what an import requires, its kind first. @spec text-externtype */
export const copyExternType = (
  cursor: Cursor,
  spaces: Spaces,
  types: TypeSection,
  kind: ExternKind,
  out: ByteWriter,
): void => {
  if (kind === 'func') {
    const isExact = cursor.enter(KEY.exact);
    out.byte(isExact ? EXACT_FUNC : kindCodes.func);
    spaces.local.reset();
    out.u32(types.readTypeUse(cursor, spaces.local));
    if (isExact) cursor.leave();
    return;
  }
  out.byte(kindCodes[kind]);
  if (kind === 'table') copyTableType(cursor, spaces.type, out);
  else if (kind === 'memory') copyMemoryType(cursor, out);
  else if (kind === 'global') copyGlobalType(cursor, spaces.type, out);
  else copyTagType(cursor, spaces, types, out);
};

/** Reads `(func …)` and other kinds. Returns the kind. */
const copyParenthesised = (
  cursor: Cursor,
  spaces: Spaces,
  types: TypeSection,
  out: ByteWriter,
): ExternKind => {
  const extern = externKinds.find(([keyword]) => cursor.enter(keyword));
  if (extern === undefined) return cursor.fail('what is imported, in parentheses');
  cursor.takeId();
  copyExternType(cursor, spaces, types, extern[1], out);
  cursor.leave();
  return extern[1];
};

/** Reads one import or a list, after the keyword; returns the kinds of the imports. */
export const copyImport = (
  cursor: Cursor,
  spaces: Spaces,
  types: TypeSection,
  out: ByteWriter,
): readonly ExternKind[] => {
  out.name(cursor.name());
  if (!cursor.isLeft(KEY.item)) {
    out.name(cursor.name());
    return [copyParenthesised(cursor, spaces, types, out)];
  }
  const items = new ByteWriter();
  const kinds: ExternKind[] = [];
  let count = 0;
  for (; cursor.enter(KEY.item); count++) {
    items.name(cursor.name());
    // The first item determines the form.
    if (count > 0 ? kinds.length > 0 : cursor.kind !== RIGHT)
      kinds.push(copyParenthesised(cursor, spaces, types, items));
    cursor.leave();
  }
  out.name('');
  out.byte(kinds.length > 0 ? TYPED_ITEMS : ITEMS_OF_ONE_TYPE);
  if (kinds.length === 0) {
    const { kinds: tokenKinds } = cursor.tokens;
    if (tokenKinds[cursor.pos + 2] === ID) cursor.failAt(cursor.pos + 2, 'identifier not allowed');
    const kind = copyParenthesised(cursor, spaces, types, out);
    for (let i = 0; i < count; i++) kinds.push(kind);
  }
  out.u32(count);
  out.take(items);
  return kinds;
};
