/** The one place where code is generated from text. */
import type { MakeScope } from './scope.ts';

/** Makes a scope by the host's function constructor. @throws what a host throws whose policy forbids it */
export const makeScope: MakeScope = (names, text) => new Function(...names, text) as ReturnType<MakeScope>;
