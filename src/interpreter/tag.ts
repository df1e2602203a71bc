/** Tag instances: compared by identity. @spec syntax-taginst */
import type { TagType } from '../syntax/types.ts';

export class TagInstance {
  readonly kind = 'tag';
  readonly type: TagType;

  constructor(type: TagType) {
    this.type = type;
  }
}
