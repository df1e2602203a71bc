/** Shapes of vectors, which begin the names of instructions on lanes. */
import type { InstructionRow } from './instructions.ts';

/** Lanes of each shape. */
const lanesOfShape = { i8x16: 16, i16x8: 8, i32x4: 4, i64x2: 2, f32x4: 4, f64x2: 2 } as const;
export type Shape = keyof typeof lanesOfShape;

/** The shape that an instruction is named after, if any. */
export const shapeOf = (name: string): Shape | null => {
  const [first] = name.split('.', 1);
  return first! in lanesOfShape ? (first as Shape) : null;
};

/** Lanes that each lane immediate of an instruction may choose from; 0 if it has none. */
export const laneCountOf = ({
  name,
  immediates,
  access,
}: Pick<InstructionRow, 'name' | 'immediates' | 'access'>): number => {
  const shape = shapeOf(name);
  // A shuffle chooses from two vectors.
  if (immediates.includes('lanes16')) return 2 * lanesOfShape[shape!];
  if (!immediates.includes('laneidx')) return 0;
  return shape === null ? 16 / access : lanesOfShape[shape];
};
