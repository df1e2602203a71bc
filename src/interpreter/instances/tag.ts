/** Tag instances: compared by identity. @spec syntax-taginst */
import { type FuncType, isRef, slotsOf, type TagType } from '../../syntax/types.ts';

/**
 * A tag of exceptions; it equals only itself. @spec syntax-taginst
 *
 * ```js
 * const tag = new TagInstance({ type: funcDefType([I32, I64], []) });
 * console.log(tag.signature.params.map(valTypeName)); // → [ 'i32', 'i64' ]
 * ```
 */
export class TagInstance {
  readonly kind = 'tag';
  readonly type: TagType;
  /** Slots of the values of an exception. */
  readonly slotCount: number;
  readonly hasRefs: boolean;

  constructor(type: TagType) {
    this.type = type;
    const { params } = this.signature;
    this.slotCount = params.reduce((sum, param) => sum + slotsOf(param), 0);
    this.hasRefs = params.some(isRef);
  }

  /** What the exceptions of this tag carry, as parameters. */
  get signature(): FuncType {
    return this.type.type.comp as FuncType;
  }
}
