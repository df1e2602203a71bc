/** What the protocol has no packet for, as text: `process plugin packet monitor …` in LLDB. */
import { valTypeName } from '../../syntax/type-names.ts';
import type { DebugSession } from '../session.ts';

/** Most lines of an answer. */
const MAX_LINES = 200;

type Command = (session: DebugSession, words: readonly string[]) => readonly string[];

const top = (session: DebugSession) => session.stack[0]?.instance ?? session.instances[0]?.instance;

/** TABLE: the commands. */
const commands: Readonly<Record<string, { readonly help: string; readonly run: Command }>> = {
  fuel: {
    help: 'fuel that the call has consumed, and fuel that is left',
    run: ({ execution }) =>
      execution === null ? ['no call'] : [`consumed ${execution.fuelConsumed}, left ${execution.fuelLeft}`],
  },
  globals: {
    help: 'globals of the current instance',
    run: (session) =>
      top(session)?.globals.map(
        ({ type, value }, i) =>
          `global ${i}: ${valTypeName(type.type)} ${typeof value === 'bigint' ? value : 'ref'}`,
      ) ?? [],
  },
  tables: {
    help: 'tables of the current instance: elements that are not null',
    run: (session) =>
      top(session)?.tables.flatMap(({ elements }, i) => [
        `table ${i}: ${elements.length} elements`,
        ...elements.flatMap((element, k) =>
          element === null ? [] : [`  ${k}: ${nameOf(session, element)}`],
        ),
      ]) ?? [],
  },
  history: {
    help: 'whether the call can go back',
    run: ({ noHistory }) => [noHistory ?? 'the call can go back'],
  },
};

const nameOf = ({ instances }: DebugSession, element: unknown): string => {
  for (const { name, instance } of instances) {
    const index = instance.funcs.indexOf(element as never);
    if (index >= 0) return `function ${index} of ${name}`;
  }
  return 'an object';
};

/** The answer to a command; for anything else, a list of the commands. */
export const monitor = (session: DebugSession, text: string): string => {
  const [name = '', ...words] = text.trim().split(/\s+/);
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const lines =
    command?.run(session, words) ?? Object.entries(commands).map(([key, { help }]) => `${key}: ${help}`);
  const shown = lines.slice(0, MAX_LINES);
  if (shown.length < lines.length) shown.push(`… ${lines.length - shown.length} more`);
  return `${shown.join('\n')}\n`;
};
