/**
 * Reads scripts of the official suite: `.wast` files, whose commands are modules, actions and assertions.
 *
 * Source: the reference interpreter's grammar of scripts, and the commands for threads of the threads proposal.
 * Unknown commands become `unknown`, which a runner counts as a failure.
 */
import { ByteWriter } from '../syntax/byte-writer.ts';
import { Cursor } from '../text/cursor.ts';
import { KEY } from '../text/keywords.ts';
import { lex } from '../text/lexer.ts';
import { LineCounter } from '../text/malformed-text.ts';
import type { ModuleOptions } from '../text/module-reader.ts';
import { readModule } from '../text/parse-module.ts';
import { idText } from '../text/spaces.ts';
import { END, ID, LEFT, RIGHT, STRING } from '../text/tokens.ts';
import type { Action, Command, ModuleAssertion, ModuleSource, Script, ScriptValue } from './script.ts';
import { readScriptValue } from './value-reader.ts';

/** Assertions about modules, by keyword. */
const moduleAssertions: readonly (readonly [keyword: number, type: ModuleAssertion])[] = [
  [KEY.assert_malformed, 'assert_malformed'],
  [KEY.assert_invalid, 'assert_invalid'],
  [KEY.assert_unlinkable, 'assert_unlinkable'],
  [KEY.assert_malformed_custom, 'assert_malformed_custom'],
  [KEY.assert_invalid_custom, 'assert_invalid_custom'],
];

/** Reads a script. */
export const readScript = (
  bytes: Uint8Array,
  name: string,
  sourceName: string,
  options: ModuleOptions = {},
): Script => ({ name, sourceName, commands: new ScriptReader(bytes, options).read() });

class ScriptReader {
  private readonly cursor: Cursor;
  private readonly lines: LineCounter;
  private readonly options: ModuleOptions;

  constructor(bytes: Uint8Array, options: ModuleOptions) {
    this.options = options;
    this.cursor = new Cursor(lex(bytes));
    this.lines = new LineCounter(bytes);
  }

  read(): readonly Command[] {
    const { cursor } = this;
    const { tokens } = cursor;
    if (tokens.kinds[0] === LEFT && !isCommand(cursor)) {
      // A script can be the fields of one module.
      const source: ModuleSource = { bytes: null, text: tokens.bytes };
      return [{ line: 1, type: 'module', name: null, source }];
    }
    const commands = this.commands();
    if (cursor.kind !== END) cursor.fail('"(" and a command');
    return commands;
  }

  /** Commands up to a closing parenthesis, or to the end. */
  private commands(): Command[] {
    const { cursor } = this;
    const commands: Command[] = [];
    while (cursor.kind === LEFT) {
      if (cursor.enter(KEY.script)) {
        cursor.takeId();
        commands.push(...this.commands());
        cursor.leave();
      } else commands.push(this.command());
    }
    return commands;
  }

  private command(): Command {
    const { cursor } = this;
    const line = this.lines.lineOf(cursor.start);
    const rest = cursor.tokens.values[cursor.pos]! + 1;
    const command = { line, ...this.fields() };
    if (command.type === 'unknown') cursor.pos = rest;
    else cursor.leave();
    return command;
  }

  private fields(): Fields<Command> {
    const { cursor } = this;
    const assertion = moduleAssertions.find(([keyword]) => cursor.enter(keyword));
    if (assertion !== undefined) {
      return { type: assertion[1], source: this.source(), text: cursor.name('the text of the failure') };
    }
    if (cursor.isLeft(KEY.module)) return this.module();
    if (cursor.enter(KEY.register)) return { type: 'register', as: cursor.name(), name: this.id() };
    if (cursor.isLeft(KEY.invoke) || cursor.isLeft(KEY.get)) {
      const action = this.action();
      cursor.pos--;
      return { type: 'action', action };
    }
    if (cursor.enter(KEY.assert_return)) {
      return { type: 'assert_return', action: this.action(), expected: this.values() };
    }
    if (cursor.enter(KEY.assert_exception)) return { type: 'assert_exception', action: this.action() };
    if (cursor.enter(KEY.assert_exhaustion)) {
      return { type: 'assert_exhaustion', action: this.action(), text: cursor.name() };
    }
    if (cursor.enter(KEY.assert_trap)) return this.trap();
    if (cursor.enter(KEY.thread)) return this.thread();
    if (cursor.enter(KEY.wait)) return { type: 'wait', thread: this.id() ?? cursor.fail('a thread') };
    const word = cursor.tokens.kinds[cursor.pos + 1] === RIGHT ? '()' : this.wordAt(cursor.pos + 1);
    return { type: 'unknown', what: word };
  }

  private wordAt(pos: number): string {
    const { bytes, starts, ends } = this.cursor.tokens;
    return String.fromCharCode(...bytes.subarray(starts[pos]!, Math.min(ends[pos]!, starts[pos]! + 80)));
  }

  /** An identifier with its dollar sign, if there is one here. */
  private id(): string | null {
    const { cursor } = this;
    const id = cursor.takeId();
    return id < 0 ? null : idText(cursor, id);
  }

  private trap(): Fields<Command> {
    const { cursor } = this;
    if (cursor.isLeft(KEY.module)) {
      return { type: 'assert_uninstantiable', source: this.source(), text: cursor.name() };
    }
    return { type: 'assert_trap', action: this.action(), text: cursor.name() };
  }

  /** `(module …)` as a command, up to the closing parenthesis. */
  private module(): Fields<Command> {
    const { cursor } = this;
    const { kinds, values } = cursor.tokens;
    if (cursor.isKeyword(KEY.instance, cursor.pos + 2)) {
      cursor.pos += 3;
      const first = this.id();
      const second = this.id();
      return second === null
        ? { type: 'module_instance', instance: null, module: first }
        : { type: 'module_instance', instance: first, module: second };
    }
    const isDefinition = cursor.isKeyword(KEY.definition, cursor.pos + 2);
    const at = cursor.pos + (isDefinition ? 3 : 2);
    const name = kinds[at] === ID ? idText(cursor, values[at]!) : null;
    const source = this.source();
    cursor.pos--;
    return { type: isDefinition ? 'module_definition' : 'module', name, source };
  }

  /** A module, including its parentheses. */
  private source(): ModuleSource {
    const { cursor } = this;
    const { tokens } = cursor;
    const { start, pos } = cursor;
    cursor.expectEnter(KEY.module);
    const to = tokens.values[pos]!;
    if (tokens.kinds[to] !== RIGHT) cursor.fail('"(module …)"');
    const end = tokens.ends[to]!;
    cursor.take(KEY.definition);
    const from = cursor.pos;
    cursor.takeId();
    if (cursor.take(KEY.quote)) return { bytes: null, text: this.strings() };
    cursor.pos = from;
    try {
      return { bytes: readModule(cursor, to, this.options), text: null };
    } catch {
      // The error is found again when the command runs.
      cursor.pos = to + 1;
      return { bytes: null, text: tokens.bytes.slice(start, end) };
    }
  }

  /** Quoted text, with a space between its strings. */
  private strings(): Uint8Array {
    const { cursor } = this;
    const out = new ByteWriter();
    while (cursor.kind === STRING) {
      if (out.length > 0) out.byte(0x20);
      cursor.string(out);
    }
    cursor.leave();
    return out.finish();
  }

  private action(): Action {
    const { cursor } = this;
    const type = cursor.isLeft(KEY.get) ? 'get' : 'invoke';
    if (type === 'invoke' && !cursor.isLeft(KEY.invoke)) cursor.fail('"(invoke …)" or "(get …)"');
    cursor.pos += 2;
    const module = this.id();
    const field = cursor.name();
    const args = type === 'invoke' ? this.values() : [];
    cursor.leave();
    return { type, module, field, args };
  }

  private values(): ScriptValue[] {
    const values: ScriptValue[] = [];
    while (this.cursor.kind === LEFT) values.push(readScriptValue(this.cursor));
    return values;
  }

  /** `(thread $T (shared (module $M))? command*)` */
  private thread(): Fields<Command> {
    const { cursor } = this;
    const name = this.id() ?? cursor.fail('the identifier of a thread');
    let sharedModule: string | null = null;
    if (cursor.enter(KEY.shared)) {
      cursor.expectEnter(KEY.module);
      sharedModule = this.id();
      cursor.leave();
      cursor.leave();
    }
    return { type: 'thread', name, sharedModule, commands: this.commands() };
  }
}

type Fields<T> = T extends unknown ? Omit<T, 'line'> : never;

const commandKeywords: readonly number[] = [
  ...moduleAssertions.map(([keyword]) => keyword),
  ...[KEY.module, KEY.register, KEY.invoke, KEY.get, KEY.script, KEY.input, KEY.output, KEY.thread, KEY.wait],
  ...[KEY.assert_return, KEY.assert_trap, KEY.assert_exception, KEY.assert_exhaustion, KEY.assert_suspension],
];
const isCommand = (cursor: Cursor): boolean => commandKeywords.some((keyword) => cursor.isLeft(keyword));
