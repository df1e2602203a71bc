/**
 * Maps the defined types of a module to the canonical ones of the process: two structurally equal recursive groups
 * are the same objects with the same ids, in one module or across modules. `type-registry.ts` holds them.
 */
import { groupOf, type TypeHold, typeOfId } from './type-registry.ts';
import {
  type CompType,
  type DefType,
  exactHeap,
  type FieldType,
  type HeapType,
  heapOf,
  inexactHeap,
  isExactHeap,
  isNullable,
  isRef,
  type RecGroup,
  refType,
  type SubType,
  type ValType,
} from './types.ts';

/** The canonical type of an id, or of a defined heap type, exact or not. */
export const defType = (heap: HeapType): DefType => typeOfId(inexactHeap(heap))!;

/** Keeps the id in a type valid: the group of the defined type that it names, if any. */
export const holdOf = (type: ValType): RecGroup | null =>
  isRef(type) && heapOf(type) >= 0 ? defType(heapOf(type)).group : null;

/**
 * Canonicalises one recursive group: returns the process-wide defined types, the same objects for every
 * structurally equal group.
 *
 * @param group the decoded types of the group
 * @param base type index of the first one
 * @param earlier the module's types before `base`
 * @param hold of the module that declares the group; without it the types live as long as something has one
 */
export const canonicalise = (
  group: readonly SubType[],
  base: number,
  earlier: readonly DefType[],
  hold: TypeHold | null = null,
): readonly DefType[] => {
  const uses = new Set<RecGroup>();
  // In the key, indices into the group are relative ("r0"), earlier ones are canonical ids ("c7").
  const typeKey = (index: number): string => {
    if (index >= base) return `r${index - base}`;
    uses.add(earlier[index]!.group);
    return `c${earlier[index]!.id}`;
  };
  const heapKey = (heap: HeapType): string =>
    isExactHeap(heap) ? `x${typeKey(inexactHeap(heap))}` : typeKey(heap);
  const valKey = (t: ValType): string =>
    isRef(t) && heapOf(t) >= 0 ? `${isNullable(t) ? '?' : '!'}${heapKey(heapOf(t))}` : `${t}`;
  const clauseKey = (name: string, index: number | null | undefined): string =>
    index === null || index === undefined ? '' : `${name}${typeKey(index)}`;
  const fieldKey = (f: FieldType): string => `${f.isMutable ? 'm' : ''}${valKey(f.storage)}`;
  const compKey = (c: CompType): string => {
    switch (c.kind) {
      case 'func':
        return `f${c.params.map(valKey).join()}>${c.results.map(valKey).join()}`;
      case 'struct':
        return `s${c.fields.map(fieldKey).join()}`;
      default:
        return `a${fieldKey(c.element)}`;
    }
  };
  const key = group
    .map((t) => {
      const clauses = clauseKey('e', t.describes) + clauseKey('d', t.descriptor);
      return `${t.isFinal ? '' : 'o'}${t.supertypes.map(typeKey).join()}${clauses}:${compKey(t.comp)}`;
    })
    .join(';');
  const make = (firstId: number): RecGroup => makeGroup(group, base, earlier, firstId, [...uses]);
  return groupOf(key, group.length, hold, make).types;
};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const makeGroup = (
  group: readonly SubType[],
  base: number,
  earlier: readonly DefType[],
  firstId: number,
  uses: readonly RecGroup[],
): RecGroup => {
  const toId = (index: number): number => (index < base ? earlier[index]!.id : firstId + index - base);
  const toHeap = (heap: HeapType): HeapType =>
    isExactHeap(heap) ? exactHeap(toId(inexactHeap(heap))) : toId(heap);
  const valType = (t: ValType): ValType =>
    isRef(t) && heapOf(t) >= 0 ? refType(toHeap(heapOf(t)), isNullable(t)) : t;
  const field = (f: FieldType): FieldType => ({ storage: valType(f.storage), isMutable: f.isMutable });
  const types: Mutable<DefType>[] = [];
  const made: RecGroup = { types, uses };
  for (const [i, t] of group.entries()) {
    const superIndex = t.supertypes[0];
    const supertype =
      superIndex === undefined
        ? null
        : superIndex < base
          ? earlier[superIndex]!
          : (types[superIndex - base] ?? null);
    const comp: CompType =
      t.comp.kind === 'func'
        ? { kind: 'func', params: t.comp.params.map(valType), results: t.comp.results.map(valType) }
        : t.comp.kind === 'struct'
          ? { kind: 'struct', fields: t.comp.fields.map(field) }
          : { kind: 'array', element: field(t.comp.element) };
    types.push({
      id: firstId + i,
      isFinal: t.isFinal,
      supertype,
      depth: supertype ? supertype.depth + 1 : 0,
      comp,
      descriptor: null,
      describes: null,
      group: made,
      layout: null,
    });
  }
  // A descriptor follows the type that it describes.
  for (const [i, { descriptor, describes }] of group.entries()) {
    types[i]!.descriptor = types[(descriptor ?? -1) - base] ?? null;
    types[i]!.describes = types[(describes ?? -1) - base] ?? null;
  }
  return made;
};

/**
 * The canonical type of a plain function type (final, no supertype, a group of its own).
 *
 * ```js
 * console.log(funcDefType([I32], [I64]) === funcDefType([I32], [I64])); // → true
 * ```
 */
export const funcDefType = (params: readonly ValType[], results: readonly ValType[]): DefType =>
  canonicalise([{ isFinal: true, supertypes: [], comp: { kind: 'func', params, results } }], 0, [])[0]!;
