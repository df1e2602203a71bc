/**
 * Runs one script of the suite on an engine and says of every command whether it passed, failed or was
 * skipped, and why.
 *
 * A module that the engine calls unsupported is skipped under that feature's name, and so is everything that
 * needs the missing instance. Nothing else is skipped in silence: an unknown command is a failure.
 */
import { defaultFeatures, type Features } from '../src/syntax/features.ts';
import {
  type Awaitable,
  type Engine,
  EngineFailure,
  type EngineInstance,
  type EngineModule,
  type FailureKind,
  type Invocation,
} from './engine.ts';
import { emptyResult, type Outcome, type ScriptResult } from './outcome.ts';
import type { Action, Command, ModuleAssertion, ModuleSource, Script, ScriptValue } from './script.ts';
import { expectedText, flipped, HostReferences, matches, rawText, toRaw } from './values.ts';

export interface RunOptions {
  /** Falsifies every expectation: a runner that still passes proves nothing. */
  readonly flip?: boolean;
  /** Lines excused, with the reason. */
  readonly excused?: ReadonlyMap<number, string>;
  /** Reason to excuse every failure: the script is judged by rules that are switched off. */
  readonly excuse?: string | null;
  /** Reason to leave out threads: the script needs them to run at the same time. */
  readonly noThreads?: string | null;
  /** The features that are switched on; by default those of the spec. */
  readonly features?: Features;
  /** Told after each command; for comparisons beyond the script's own. */
  readonly afterCommand?: (command: Command, outcome: Outcome) => void;
}

/** Runs all commands of `script`. */
export const runScript = async (
  script: Script,
  engine: Engine,
  options: RunOptions = {},
): Promise<ScriptResult> => {
  const run = new ScriptRun(script, engine, options);
  await run.start();
  for (const command of script.commands) await run.command(command);
  return run.result;
};

/** Something that could not be made because the engine lacks a feature. */
class Missing {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Thrown inside the runner to skip a command. */
class Skip extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}
/** Thrown inside the runner when an expectation is not met. */
class Mismatch extends Error {}

const textFormat = 'text format';

/** What each assertion about a module expects, and at which step. */
const moduleAssertions: Readonly<
  Record<ModuleAssertion, { kind: FailureKind; step: 'compile' | 'instantiate' }>
> = {
  assert_malformed: { kind: 'malformed', step: 'compile' },
  assert_invalid: { kind: 'invalid', step: 'compile' },
  assert_malformed_custom: { kind: 'malformed', step: 'compile' },
  assert_invalid_custom: { kind: 'invalid', step: 'compile' },
  assert_unlinkable: { kind: 'unlinkable', step: 'instantiate' },
  assert_uninstantiable: { kind: 'trap', step: 'instantiate' },
};

/** Texts agree when one begins with the other: scripts add numbers, engines add details. */
const textsAgree = (expected: string, actual: string): boolean =>
  actual.startsWith(expected) || (actual !== '' && expected.startsWith(actual.split(':')[0]!));

class ScriptRun {
  readonly result: ScriptResult;
  private readonly script: Script;
  private readonly engine: Engine;
  private readonly options: RunOptions;
  private readonly hosts: HostReferences;
  private readonly instances = new Map<string, EngineInstance | Missing>();
  private readonly definitions = new Map<string, EngineModule | Missing>();
  private readonly registered = new Map<string, EngineInstance>();
  private readonly missingNames = new Map<string, Missing>();
  private lastInstance: EngineInstance | Missing | null = null;
  private lastDefinition: EngineModule | Missing | null = null;
  private readonly threads = new Map<
    string,
    { readonly run: ScriptRun; readonly commands: readonly Command[] }
  >();

  /** @param parent the run that a thread belongs to */
  constructor(script: Script, engine: Engine, options: RunOptions, parent: ScriptRun | null = null) {
    this.script = script;
    this.engine = engine;
    this.options = options;
    this.result = parent?.result ?? emptyResult(script.name);
    this.hosts = parent?.hosts ?? new HostReferences();
    const spectest = parent?.registered.get('spectest');
    if (spectest !== undefined) this.registered.set('spectest', spectest);
  }

  async start(): Promise<void> {
    this.registered.set('spectest', await this.engine.startScript(this.options.features ?? defaultFeatures));
  }

  async command(command: Command): Promise<void> {
    const outcome = await this.outcomeOf(command);
    const isAssertion = command.type.startsWith('assert_');
    if (outcome.status === 'skipped') {
      this.result.skipped.set(outcome.reason, (this.result.skipped.get(outcome.reason) ?? 0) + 1);
    } else if (outcome.status === 'passed') {
      this.result.passed++;
    } else {
      const where = `${this.script.sourceName}:${command.line}`;
      this.result.failures.push({ where, command: command.type, message: outcome.message });
      if (isAssertion) this.result.failedAssertions++;
    }
    if (isAssertion && outcome.status !== 'skipped') this.result.assertions++;
    this.options.afterCommand?.(command, outcome);
    // Skipped as a whole, a thread still counts each command it holds.
    const { noThreads } = this.options;
    if (command.type === 'thread' && noThreads) {
      for (const inner of command.commands) this.skipInner(inner, noThreads);
    }
  }

  private skipInner(command: Command, reason: string): void {
    this.result.skipped.set(reason, (this.result.skipped.get(reason) ?? 0) + 1);
    if (command.type === 'thread') for (const inner of command.commands) this.skipInner(inner, reason);
  }

  /** Prepares a thread, which sees nothing of its surroundings but one instance. */
  private fork(command: Command & { readonly type: 'thread' }): void {
    const run = new ScriptRun(this.script, this.engine, this.options, this);
    const { sharedModule, commands } = command;
    if (sharedModule !== null) {
      run.instances.set(sharedModule, this.instances.get(sharedModule) ?? new Missing('no shared module'));
    }
    this.threads.set(command.name, { run, commands });
  }

  /** Threads run one after the other, each when it is waited for: one of the orders that are allowed. */
  private async join(name: string): Promise<void> {
    const thread = this.threads.get(name);
    if (thread === undefined) throw new Mismatch(`no thread ${name}`);
    this.threads.delete(name);
    for (const command of thread.commands) await thread.run.command(command);
  }

  private async outcomeOf(command: Command): Promise<Outcome> {
    const excuse = this.options.excused?.get(command.line);
    if (excuse !== undefined) return { status: 'skipped', reason: excuse };
    try {
      await this.perform(command);
      return { status: 'passed' };
    } catch (error) {
      if (error instanceof Skip) return { status: 'skipped', reason: error.reason };
      const { excuse: scriptExcuse, flip } = this.options;
      if (scriptExcuse && !flip && (error instanceof Mismatch || error instanceof EngineFailure)) {
        return { status: 'skipped', reason: scriptExcuse };
      }
      if (error instanceof Mismatch) return { status: 'failed', message: error.message };
      if (error instanceof EngineFailure)
        return { status: 'failed', message: `${error.kind}: ${error.message}` };
      throw error;
    }
  }

  private async perform(command: Command): Promise<void> {
    switch (command.type) {
      case 'module':
        return this.module(command.name, command.source);
      case 'module_definition':
        return this.define(command.name, command.source);
      case 'module_instance':
        return this.instance(command.instance, command.module);
      case 'register':
        return this.register(command.as, command.name);
      case 'action':
        await this.act(command.action);
        return;
      case 'assert_return':
        return this.assertReturn(command.action, command.expected);
      case 'assert_trap':
        return this.assertFailure('trap', command.text, () => this.act(command.action));
      case 'assert_exhaustion':
        return this.assertFailure('exhaustion', command.text, () => this.act(command.action));
      case 'assert_exception':
        return this.assertFailure(this.options.flip ? 'trap' : 'exception', '', () =>
          this.act(command.action),
        );
      case 'thread':
      case 'wait':
        if (this.options.noThreads) throw new Skip(this.options.noThreads);
        return command.type === 'thread' ? this.fork(command) : this.join(command.thread);
      case 'unknown':
        throw new Mismatch(`unknown command: ${command.what}`);
      default:
        return this.assertModule(command.type, command.source, command.text);
    }
  }

  /** Compiles, turning "unsupported" into a skip. */
  private async compile(source: ModuleSource): Promise<EngineModule> {
    if (source.range === null) throw new Skip(textFormat);
    const [offset, length] = source.range;
    return this.orSkip(() => this.engine.compile(this.script.bytes.subarray(offset, offset + length)));
  }

  private async instantiate(module: EngineModule): Promise<EngineInstance> {
    for (const name of this.engine.importedModules(module)) {
      const missing = this.missingNames.get(name);
      if (missing !== undefined) throw new Skip(missing.reason);
    }
    return this.orSkip(() => this.engine.instantiate(module, this.registered));
  }

  private async orSkip<T>(step: () => Awaitable<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (error instanceof EngineFailure && error.kind === 'unsupported') {
        throw new Skip(`feature ${error.feature ?? 'unknown'}`);
      }
      throw error;
    }
  }

  /** Runs `make` and stores what it made, or that it is missing, by `store`. */
  private async making<T>(make: () => Promise<T>, store: (made: T | Missing) => void): Promise<void> {
    try {
      store(await make());
    } catch (error) {
      store(new Missing(error instanceof Skip ? error.reason : 'needs a module that failed'));
      throw error;
    }
  }

  private readonly storeInstance = (name: string | null, instance: EngineInstance | Missing): void => {
    this.lastInstance = instance;
    if (name !== null) this.instances.set(name, instance);
  };
  private readonly storeDefinition = (name: string | null, module: EngineModule | Missing): void => {
    this.lastDefinition = module;
    if (name !== null) this.definitions.set(name, module);
  };

  private async module(name: string | null, source: ModuleSource): Promise<void> {
    await this.making(
      async () => {
        const module = await this.compile(source);
        this.storeDefinition(name, module);
        return this.instantiate(module);
      },
      (made) => this.storeInstance(name, made),
    );
  }

  private async define(name: string | null, source: ModuleSource): Promise<void> {
    await this.making(
      () => this.compile(source),
      (made) => this.storeDefinition(name, made),
    );
  }

  private async instance(name: string | null, module: string | null): Promise<void> {
    const definition = module === null ? this.lastDefinition : this.definitions.get(module);
    await this.making(
      async () => this.instantiate(this.present(definition, `no definition ${module ?? ''}`)),
      (made) => this.storeInstance(name, made),
    );
  }

  private register(as: string, name: string | null): void {
    const instance = name === null ? this.lastInstance : this.instances.get(name);
    this.registered.delete(as);
    this.missingNames.delete(as);
    if (instance instanceof Missing) this.missingNames.set(as, instance);
    this.registered.set(as, this.present(instance, `no instance ${name ?? ''}`));
  }

  private present<T extends object>(thing: T | Missing | null | undefined, absent: string): T {
    if (thing === null || thing === undefined) throw new Mismatch(absent);
    if (thing instanceof Missing) throw new Skip(thing.reason);
    return thing;
  }

  private async act(action: Action): Promise<Invocation> {
    const found = action.module === null ? this.lastInstance : this.instances.get(action.module);
    const instance = this.present(found, `no instance ${action.module ?? ''}`);
    if (action.type === 'get')
      return { values: [await this.engine.get(instance, action.field)], fuel: null, trace: null };
    const args = action.args.map((arg) => toRaw(arg, this.hosts));
    return this.engine.invoke(instance, action.field, args);
  }

  private async assertReturn(action: Action, scriptExpected: readonly ScriptValue[]): Promise<void> {
    const expected = this.options.flip ? scriptExpected.map(flipped) : scriptExpected;
    const { values } = await this.act(action);
    const agree =
      values.length === expected.length &&
      expected.every((value, i) => matches(value, values[i], this.engine, this.hosts));
    // Without results there is no bit to flip, so the falsified assertion is that it traps.
    if (!agree || (this.options.flip && expected.length === 0)) {
      throw new Mismatch(
        `${action.field}: expected [${expected.map(expectedText).join(', ')}], got [${values.map(rawText).join(', ')}]`,
      );
    }
  }

  private async assertModule(type: ModuleAssertion, source: ModuleSource, text: string): Promise<void> {
    if (type.endsWith('_custom')) throw new Skip(source.range === null ? textFormat : 'custom sections');
    const { kind, step } = moduleAssertions[type];
    if (step === 'compile') {
      await this.assertFailure(kind, text, () => this.compile(source));
    } else {
      const module = await this.compile(source);
      await this.assertFailure(kind, text, () => this.instantiate(module));
    }
  }

  private async assertFailure(kind: FailureKind, text: string, step: () => Promise<unknown>): Promise<void> {
    const failure = await this.failureOf(step);
    const expectedTextOf = this.options.flip ? `not ${text}` : text;
    const { phases, suiteTexts } = this.engine.traits;
    const expectedKind = !phases && (kind === 'malformed' || kind === 'invalid') ? 'rejected' : kind;
    const isKind = failure?.kind === expectedKind;
    // An engine without the suite's texts is judged by the kind alone; falsified, it can only be wrong.
    const isText = suiteTexts ? textsAgree(expectedTextOf, failure?.message ?? '') : !this.options.flip;
    if (!isKind || (text !== '' && !isText)) {
      const got = failure === null ? 'no failure' : `${failure.kind} "${failure.message}"`;
      throw new Mismatch(`expected ${expectedKind} "${expectedTextOf}", got ${got}`);
    }
  }

  private async failureOf(step: () => Promise<unknown>): Promise<EngineFailure | null> {
    try {
      await step();
      return null;
    } catch (error) {
      if (error instanceof EngineFailure) return error;
      throw error;
    }
  }
}
