/**
 * Runs one script of the suite on an engine and reports for every command whether it passed, failed or was skipped,
 * and why.
 *
 * A module that an engine of few features calls unsupported is skipped under that feature's name, and so is
 * everything that needs the missing instance. Nothing else is skipped in silence: an unknown command is a
 * failure, and so is a listed exception that passes.
 */
import { defaultFeatures, type Features } from '../syntax/features.ts';
import { parseModule } from '../text/parse-module.ts';
import {
  type Awaitable,
  type Engine,
  EngineFailure,
  type EngineInstance,
  type EngineModule,
  type FailureKind,
  type Invocation,
} from './engine.ts';
import { toFailure } from './failures.ts';
import { addResult, emptyResult, type Outcome, type ScriptResult } from './outcome.ts';
import type { Action, Command, ModuleAssertion, ModuleSource, Script, ScriptValue } from './script.ts';
import { expectedText, flipped, HostReferences, matches, rawText, toRaw } from './values.ts';

interface RunOptions {
  /** Falsifies every expectation: a runner that still passes would prove nothing. */
  readonly flip?: boolean;
  /** Lines whose commands must not pass, with the reason. */
  readonly exceptions?: ReadonlyMap<number, string>;
  /** Runs the threads of the script in workers; otherwise they take turns, or run one after the other. */
  readonly startWorker?: StartWorker | null;
  /** Resolves when everything that a turn released has continued. */
  readonly settle: () => Promise<unknown>;
  /** Instances that exist before the first command. */
  readonly instances?: ReadonlyMap<string, EngineInstance>;
  /** The enabled features; by default those of the spec. */
  readonly features?: Features;
  /** Called after each command; for comparisons beyond the script's own. */
  readonly afterCommand?: (command: Command, outcome: Outcome) => void;
}

/** What a worker needs for the thread it runs; everything can be sent to it. */
export interface ThreadRequest {
  readonly script: Script;
  readonly features: Features;
  readonly flip: boolean;
  /** The instance that the thread sees, as `Engine.share` returned it. */
  readonly shared: ReadonlyMap<string, object>;
}
/** Starts a worker; resolves to the outcomes of the commands. */
export type StartWorker = (request: ThreadRequest) => Promise<ScriptResult>;

/** A running thread of a script. */
interface Thread {
  readonly run: () => Promise<void>;
  /** Resolves when its commands have finished; null before they begin. */
  end: Promise<void> | null;
  isOver: boolean;
}

/** Runs all commands of `script`. */
export const runScript = async (
  script: Script,
  engine: Engine,
  options: RunOptions,
): Promise<ScriptResult> => {
  const run = new ScriptRun(script, engine, options);
  await run.start();
  for (const command of script.commands) await run.command(command);
  run.checkExceptions();
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

/** Text that is not a module. It counts as malformed on every engine, since no engine has seen it. */
class MalformedText extends EngineFailure {}

/** The bytes of a module. */
const bytesOf = ({ bytes, text }: ModuleSource): Uint8Array => {
  if (bytes !== null) return bytes;
  if (text === null) throw new Skip(textFormat);
  try {
    return parseModule(text);
  } catch (error) {
    const { kind, message } = toFailure(error);
    throw new MalformedText(kind, message);
  }
};

/** What each assertion about a module expects, and at which step. */
const moduleAssertions: Readonly<
  Record<ModuleAssertion, { kind: FailureKind; step: 'compile' | 'customs' | 'instantiate' }>
> = {
  assert_malformed: { kind: 'malformed', step: 'compile' },
  assert_invalid: { kind: 'invalid', step: 'compile' },
  assert_malformed_custom: { kind: 'malformed', step: 'customs' },
  assert_invalid_custom: { kind: 'invalid', step: 'customs' },
  assert_unlinkable: { kind: 'unlinkable', step: 'instantiate' },
  assert_uninstantiable: { kind: 'trap', step: 'instantiate' },
};

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
  /** Lines of exceptions that occurred. */
  private readonly metExceptions = new Set<number>();
  private readonly threads = new Map<string, Thread>();

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
    for (const [name, instance] of this.options.instances ?? []) this.instances.set(name, instance);
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
  }

  /** Counts exceptions that are listed unnecessarily as failures. */
  checkExceptions(): void {
    for (const [line, reason] of this.options.exceptions ?? []) {
      if (this.metExceptions.has(line)) continue;
      this.result.failures.push({
        where: `${this.script.sourceName}:${line}`,
        command: 'exception',
        message: `listed as an exception (${reason}), but is not a command`,
      });
    }
  }

  /** Starts a thread, which sees only one of the outer instances. */
  private fork(command: Command & { readonly type: 'thread' }): void {
    const { startWorker } = this.options;
    const run = (): Promise<void> =>
      startWorker ? this.runInWorker(command, startWorker) : this.runThread(command);
    const thread: Thread = { run, end: null, isOver: false };
    this.threads.set(command.name, thread);
    // If the engine cannot let threads take turns, they begin when they are waited for.
    if (startWorker || this.engine.forThread !== undefined) this.begin(thread);
  }

  private begin(thread: Thread): Promise<void> {
    if (thread.end === null) {
      thread.end = thread.run().finally(() => {
        thread.isOver = true;
      });
      // A failure counts at the command that waits for the thread.
      thread.end.catch(() => {});
    }
    return thread.end;
  }

  private async runThread({ sharedModule, commands }: Command & { type: 'thread' }): Promise<void> {
    const engine = this.engine.forThread?.() ?? this.engine;
    const run = new ScriptRun(this.script, engine, this.options, this);
    if (sharedModule !== null) {
      run.instances.set(sharedModule, this.instances.get(sharedModule) ?? new Missing('no shared module'));
    }
    for (const command of commands) await run.command(command);
  }

  private async runInWorker(
    { sharedModule, commands }: Command & { type: 'thread' },
    startWorker: StartWorker,
  ): Promise<void> {
    const instance = sharedModule === null ? undefined : this.instances.get(sharedModule);
    const { name, sourceName } = this.script;
    const { features, flip } = this.options;
    const result = await startWorker({
      script: { name, sourceName, commands },
      features: features ?? defaultFeatures,
      flip: flip ?? false,
      shared:
        instance === undefined || instance instanceof Missing
          ? new Map()
          : new Map([[sharedModule!, this.engine.share!(instance)]]),
    });
    addResult(this.result, result);
  }

  /** Waits for a thread; in the meantime, threads take turns. */
  private async join(name: string): Promise<void> {
    const thread = this.threads.get(name);
    if (thread === undefined) throw new Mismatch(`no thread ${name}`);
    this.threads.delete(name);
    const end = this.begin(thread);
    while (this.engine.turn !== undefined && !thread.isOver) {
      // What a turn released continues before the next one.
      await this.options.settle();
      this.engine.turn();
    }
    await end;
  }

  private async outcomeOf(command: Command): Promise<Outcome> {
    const exception = this.options.exceptions?.get(command.line);
    if (exception === undefined) return this.attempt(command);
    this.metExceptions.add(command.line);
    const outcome: Outcome = { status: 'skipped', reason: exception };
    // An engine with few features may pass: it refuses the module for lack of one.
    if (this.options.flip || !this.engine.traits.everyFeature) return outcome;
    const { status } = await this.attempt(command);
    return status === 'passed'
      ? { status: 'failed', message: `listed as an exception (${exception}), but passes` }
      : outcome;
  }

  private async attempt(command: Command): Promise<Outcome> {
    try {
      await this.perform(command);
      return { status: 'passed' };
    } catch (error) {
      if (error instanceof Skip) return { status: 'skipped', reason: error.reason };
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
        return this.fork(command);
      case 'wait':
        return this.join(command.thread);
      case 'unknown':
        throw new Mismatch(`unknown command: ${command.what}`);
      default:
        return this.assertModule(command.type, command.source, command.text);
    }
  }

  /** Compiles, turning "unsupported" into a skip. */
  private async compile(source: ModuleSource): Promise<EngineModule> {
    const bytes = bytesOf(source);
    return this.orSkip(() => this.engine.compile(bytes));
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
      const isMissing = error instanceof EngineFailure && error.kind === 'unsupported';
      if (isMissing && !this.engine.traits.everyFeature) {
        throw new Skip(`feature ${error.feature ?? 'unknown'}`);
      }
      throw error;
    }
  }

  /** Runs `make`, and passes its result, or that it is missing, to `store`. */
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
    const { kind, step } = moduleAssertions[type];
    if (step === 'compile') return this.assertFailure(kind, text, () => this.compile(source));
    const isText = step === 'customs' && source.bytes === null && kind === 'malformed';
    // The text reader finds what is wrong with annotations.
    if (isText) return this.assertFailure(kind, text, () => this.compile(source));
    const module = await this.compile(source);
    if (step === 'instantiate') return this.assertFailure(kind, text, () => this.instantiate(module));
    if (this.engine.checkCustoms === undefined) throw new Skip('custom sections');
    return this.assertFailure(kind, text, async () => this.engine.checkCustoms?.(module));
  }

  private async assertFailure(kind: FailureKind, text: string, step: () => Promise<unknown>): Promise<void> {
    const failure = await this.failureOf(step);
    const expectedTextOf = this.options.flip ? `not ${text}` : text;
    const isReader = failure instanceof MalformedText;
    const phases = isReader || this.engine.traits.phases;
    const suiteTexts = isReader || this.engine.traits.suiteTexts;
    const expectedKind = !phases && (kind === 'malformed' || kind === 'invalid') ? 'rejected' : kind;
    const isKind = failure?.kind === expectedKind;
    // An engine without the suite's texts is judged by the kind only; if falsified, it can only fail.
    const isText = suiteTexts ? (failure?.message.startsWith(expectedTextOf) ?? false) : !this.options.flip;
    if (isKind && suiteTexts && text !== '') {
      this.result.texts++;
      if (!isText) this.result.differingTexts++;
    }
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
