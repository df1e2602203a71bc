/** Tag instances: compared by identity. @spec syntax-taginst */
import { type FuncType, isRef, slotsOf, type TagType } from '../syntax/types.ts';

export class TagInstance {
  readonly kind = 'tag';
  readonly type: TagType;
  /** Slots that the values of an exception take. */
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
