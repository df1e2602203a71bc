/** Divides a program, so that no engine has to hold all of it at once. */
import type { Program } from './program.ts';

/**
 * Programs that together cover what one does. A part has items of every kind: neighbours take similar time.
 *
 * @param count how many there are
 */
export const divide = (program: Program, count: number): readonly Program[] =>
  Array.from({ length: count }, (_, part): Program => {
    const dealt = <T>(items: readonly T[]): readonly T[] => items.filter((_item, i) => i % count === part);
    const { deepCalls, vectors } = program;
    return {
      ...program,
      plugins: dealt(program.plugins),
      runs: dealt(program.runs),
      deepCalls: { ...deepCalls, names: dealt(deepCalls.names) },
      scripts: dealt(program.scripts),
      recordings: dealt(program.recordings),
      vectors: { ...vectors, programs: dealt(vectors.programs) },
    };
  });
