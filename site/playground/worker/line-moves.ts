/** Steps over whole lines: of a text, or of the sources that debug information names. */
import type { DebugSession, Position, Stop } from '../../../src/debug.ts';
import type { Move } from '../protocol.ts';

/** The line of an instruction, by a number that no other line has; null for none. */
export type LineAt = (offset: number) => number | null;

/** Most instructions of one step forwards, and backwards, where each is a run from a state that was kept. */
const MAX_AHEAD = 20_000;
const MAX_BACK = 500;

const isSameLine = (lineAt: LineAt, a: Position | null, b: Position | null): boolean =>
  a !== null && b !== null && a.depth === b.depth && lineAt(a.offset) === lineAt(b.offset);

const stepLine = async (session: DebugSession, lineAt: LineAt): Promise<Stop> => {
  const from = session.position;
  let stop = await session.step();
  for (let i = 0; i < MAX_AHEAD && stop.reason === 'step' && isSameLine(lineAt, session.position, from); i++)
    stop = await session.step();
  return stop;
};

const overLine = (session: DebugSession, lineAt: LineAt): Promise<Stop> => {
  const from = session.position;
  if (from === null) return session.stepOver();
  return session.stepUntil(
    (to) => to.depth < from.depth || (to.depth === from.depth && !isSameLine(lineAt, to, from)),
  );
};

/** To the first instruction of the line before. */
const backLine = async (session: DebugSession, lineAt: LineAt): Promise<Stop> => {
  const from = session.position;
  let stop = await session.reverseStep();
  for (let i = 0; i < MAX_BACK && stop.reason === 'step' && isSameLine(lineAt, session.position, from); i++)
    stop = await session.reverseStep();
  const reached = session.position;
  for (let i = 0; i < MAX_BACK && stop.reason === 'step'; i++) {
    stop = await session.reverseStep();
    if (!isSameLine(lineAt, session.position, reached)) return session.step();
  }
  return stop;
};

/** TABLE: the moves that are others where lines are stepped. */
export const lineMoves: Readonly<
  Partial<Record<Move, (session: DebugSession, lineAt: LineAt) => Promise<Stop>>>
> = {
  step: stepLine,
  over: overLine,
  back: backLine,
};
