/** Where a call stands, as the page shows it. */
import type { CallFrame, DebugSession, Stop, StopReason } from '../../../src/debug.ts';
import { decodeNames, sourceLines } from '../../../src/inspect.ts';
import type { CallState, ShownFrame, ShownValue, Standing } from '../protocol.ts';
import type { Subject } from './subject.ts';
import { shownValue } from './values.ts';

/** Most frames and values that are shown. */
const MAX_FRAMES = 64;
const MAX_VALUES = 200;

const shownFrame = (session: DebugSession, frame: CallFrame): ShownFrame => {
  const { module } = frame.instance.compiled;
  const names = decodeNames(module);
  const { locals, operands } = session.valuesOf(frame);
  const [place = null] = sourceLines(module, [frame.offset]);
  const name = (i: number): string => names.localName(frame.funcIndex, i) ?? `local ${i}`;
  return {
    name: names.funcName(frame.funcIndex) ?? `func[${frame.funcIndex}]`,
    funcIndex: frame.funcIndex,
    offset: frame.offset,
    file: place?.file ?? null,
    line: place?.line ?? null,
    locals: locals.slice(0, MAX_VALUES).map(({ type, value }, i) => shownValue(name(i), type, value)),
    operands: operands.slice(-MAX_VALUES).map(({ type, value }, i) => shownValue(String(i), type, value)),
  };
};

const globalsOf = (session: DebugSession): ShownValue[] =>
  (session.instances[0]?.instance.globals ?? [])
    .slice(0, MAX_VALUES)
    .map(({ type, value }, i) => shownValue(`global ${i}`, type.type, value));

/** What was refilled is no longer out of fuel. */
const standingOf = (reason: StopReason, hasFailed: boolean, fuelLeft: number | null): Standing =>
  hasFailed ? 'failed' : reason === 'fuel' && fuelLeft !== 0 ? 'begin' : reason;

/** The state of a call at a stop. */
export const stateOf = (session: DebugSession, subject: Subject, { reason, detail }: Stop): CallState => {
  const isOver = session.isOver;
  const { output, results, hasFailed } = isOver
    ? subject.outcome
    : { output: null, results: null, hasFailed: false };
  const error = { message: detail, code: null, advice: null, line: null, column: null, offset: null };
  return {
    standing: standingOf(reason, isOver && hasFailed, subject.fuelLeft),
    detail,
    isOver,
    fuel: subject.fuel,
    fuelLeft: subject.fuelLeft,
    frames: isOver ? [] : session.stack.slice(0, MAX_FRAMES).map((frame) => shownFrame(session, frame)),
    hostFunction: isOver ? null : session.hostFunction,
    globals: globalsOf(session),
    variables: subject.variables,
    memories: (session.instances[0]?.instance.memories ?? []).map(({ byteLength }) => byteLength),
    noHistory: isOver ? 'the call has ended' : session.noHistory,
    isInPast: session.isInPast,
    output,
    results,
    error: hasFailed || reason === 'failure' || reason === 'error' ? error : null,
  };
};
