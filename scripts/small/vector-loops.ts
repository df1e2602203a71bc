/** Replaces the loops for vectors, a tenth of the package: validation refuses modules that would need them. */
import type { createVectors as Real } from '../../src/interpreter/loop/vector.generated.ts';
import { refuse } from './build.ts';

const none = (): never => refuse('vectors');

export const createVectors: typeof Real = () => ({ vectors: none, wideVectors: none, oneVector: none });
