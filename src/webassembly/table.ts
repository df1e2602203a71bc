/** The class `Table`. @spec tables */

import { TableInstance } from '../interpreter/instances/table.ts';
import type { Ref } from '../interpreter/instances/values.ts';
import { I64, type ValType } from '../syntax/types.ts';
import { toNativeError } from './errors.ts';
import { toAddressType, toLimits } from './memory.ts';
import type { Realm } from './realm.ts';
import { bind, brand, objectOf } from './slots.ts';
import { defaultRef, fromRef, hasDefault, isHidden, toRef, toTableKind } from './values.ts';
import { asInterface, fromAddress, toAddress, toDictionary } from './web-idl.ts';

export const tableObject = (realm: Realm, table: TableInstance): object =>
  objectOf(table, () => Object.create(realm.prototypes.table) as object);

const mostElements = (address: ValType): bigint => (address === I64 ? 1n << 64n : 1n << 32n) - 1n;

/** The element for an argument; the default if it is missing. @throws TypeError */
const elementOf = (args: readonly unknown[], type: ValType): Ref => {
  if (args.length > 0) return toRef(args[0], type);
  if (!hasDefault(type)) throw new TypeError('an element of this type is required');
  return defaultRef(type);
};

/** The table, if JavaScript can see its elements. */
const visible = (value: unknown): TableInstance => {
  const table = brand(value, 'table');
  if (isHidden(table.type.element)) throw new TypeError('the table has elements that JavaScript cannot see');
  return table;
};

/** The position of an index. @throws TypeError, RangeError */
const placeOf = ({ type, elements }: TableInstance, index: unknown): number => {
  const at = toAddress(index, type.limits.address, 'the index');
  if (at >= BigInt(elements.length)) throw new RangeError(`the table has ${elements.length} elements`);
  return Number(at);
};

/** The class `Table`. */
export const makeTableClass = (realm: Realm) =>
  asInterface(
    class Table {
      constructor(descriptor: unknown, value: unknown = undefined) {
        const members = toDictionary(descriptor, 'the descriptor');
        const element = toTableKind(members['element']);
        const address = toAddressType(members['address']);
        const limits = toLimits(members, address, mostElements(address));
        const init = value === undefined ? defaultRef(element) : toRef(value, element);
        try {
          bind(this, new TableInstance({ limits, element }, init, realm.store));
        } catch (error) {
          throw toNativeError(realm.errors, error);
        }
      }

      grow(delta: unknown, ...rest: unknown[]): number | bigint {
        const table = brand(this, 'table');
        const { element, limits } = table.type;
        const count = toAddress(delta, limits.address, 'the number of elements');
        if (isHidden(element)) throw new TypeError('the table has elements that JavaScript cannot see');
        const init = elementOf(rest, element);
        const old = table.grow(Number(count), init);
        if (old < 0) throw new RangeError('the table cannot grow so far');
        return fromAddress(old, limits.address);
      }

      get(index: unknown): unknown {
        const table = visible(this);
        return fromRef(table.elements[placeOf(table, index)], realm.functionObject);
      }

      set(index: unknown, ...rest: unknown[]): void {
        const table = visible(this);
        // The index is converted before the value, and checked after it.
        const at = toAddress(index, table.type.limits.address, 'the index');
        const ref = elementOf(rest, table.type.element);
        table.elements[placeOf(table, table.is64 ? at : Number(at))] = ref;
      }

      get length(): number | bigint {
        const { elements, type } = brand(this, 'table');
        return fromAddress(elements.length, type.limits.address);
      }
    },
  );
