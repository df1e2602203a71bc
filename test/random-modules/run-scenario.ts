/**
 * Plays a scenario on an executor and writes down what can be seen: the end of each call, what the host functions
 * were asked, and the state after it. The same code runs here and in the process that has native Wasm.
 */
import { canCall, canCross, type Imported, type Kind, type Scenario } from './scenario.ts';

/** An instance of the scenario's module, as an executor has it; `V` is its form of a value. */
export interface Backend<V> {
  /** Instantiates the module; host functions call back. Throws what instantiation throws. */
  start(call: (imported: Imported, args: readonly V[]) => readonly V[]): void;
  /** Calls a function; throws what ends it. */
  invoke(func: number, args: readonly V[]): readonly V[];
  /** What a thrown thing is: a trap's code, `exception`, or `EXHAUSTED`. Throws what is no answer. */
  ending(error: unknown): string;
  /** A text for what the last call cost, if the executor counts. */
  readonly cost: string;
  textOf(value: V, kind: Kind): string;
  valueOf(text: string): V;
  /** Throws an exception that the guest can catch, of the imported tag if there is one. */
  raise(value: number): never;
  /** Length and hash of each memory. */
  memories(): string;
  tableLength(table: number): number;
  getElement(table: number, index: number): V;
  setElement(table: number, index: number, value: V): void;
  global(index: number): V;
}

/** A call that ran out of stack, memory or time: what follows cannot be compared between engines. */
export const EXHAUSTED = 'exhausted';
/** How often the host calls back into the module, in one scenario and in depth. */
const MOST_CALLBACKS = 100;
const MOST_NESTED = 3;
/** Elements of a table that are looked at. */
const MOST_ELEMENTS = 200;

/** The host functions that binaryen's modules import, and a default for all others. */
class Host<V> {
  log: string[] = [];
  /** False while the start function runs: there is no instance yet that could be looked at. */
  isReady = false;
  private callbacks = 0;
  private depth = 0;
  private readonly backend: Backend<V>;
  private readonly scenario: Scenario;

  constructor(backend: Backend<V>, scenario: Scenario) {
    this.backend = backend;
    this.scenario = scenario;
  }

  call(imported: Imported, args: readonly V[]): readonly V[] {
    const { backend } = this;
    const { name, signature } = imported;
    // JavaScript throws a TypeError here, which is an exception to the guest.
    if (!canCross(signature!)) return backend.raise(-1);
    if (!this.isReady) return this.giveDefaults(imported);
    const texts = args.map((arg, i) => backend.textOf(arg, signature!.params[i]!.kind));
    this.log.push(`${name} ${texts.join(' ')}`);
    const number = Number(texts[0]?.split(':')[1] ?? 0);
    switch (name) {
      case 'throw':
        return backend.raise(number);
      case 'sleep':
        return [args[1]!];
      case 'call-export':
        this.callBack(this.pickExport(number), false);
        return [];
      case 'call-export-catch':
        return [this.callBack(this.pickExport(number), true)];
      case 'call-ref':
        this.callBack(this.indexOf(texts[0]!), false);
        return [];
      case 'call-ref-catch':
        return [this.callBack(this.indexOf(texts[0]!), true)];
      case 'table-get':
      case 'table-set':
        return this.accessTable(number, args[1]);
      default:
        return this.giveDefaults(imported);
    }
  }

  private giveDefaults({ name, signature }: Imported): readonly V[] {
    this.log.push(`${name} gives defaults`);
    if (signature!.results.some(({ fallback }) => fallback === null)) return this.backend.raise(-2);
    return signature!.results.map(({ fallback }) => this.backend.valueOf(fallback!));
  }

  private pickExport(number: number): number | null {
    const { exported } = this.scenario;
    return exported[number % exported.length] ?? null;
  }

  private indexOf(text: string): number | null {
    return text.startsWith('func:') ? Number(text.slice(5)) : null;
  }

  private accessTable(number: number, value: V | undefined): readonly V[] {
    const { hostTable } = this.scenario;
    const length = hostTable === null ? 0 : this.backend.tableLength(hostTable);
    if (length === 0) return this.backend.raise(-3);
    const index = number % length;
    if (value === undefined) return [this.backend.getElement(hostTable!, index)];
    this.backend.setElement(hostTable!, index, value);
    return [];
  }

  /** Calls a function of the module; 1 if it threw or trapped and that is to be caught. */
  private callBack(func: number | null, isCaught: boolean): V {
    const { backend } = this;
    const signature = func === null ? null : this.scenario.funcs[func]!;
    const isDone = ++this.callbacks > MOST_CALLBACKS || this.depth >= MOST_NESTED;
    if (signature === null || isDone || !canCall(signature)) return backend.valueOf('i32:2');
    this.depth++;
    try {
      const results = backend.invoke(
        func!,
        signature.params.map(({ fallback }) => backend.valueOf(fallback!)),
      );
      this.log.push(
        `gave ${results.map((value, i) => backend.textOf(value, signature.results[i]!.kind)).join(' ')}`,
      );
      return backend.valueOf('i32:0');
    } catch (error) {
      const ending = backend.ending(error);
      this.log.push(`threw ${ending}`);
      if (!isCaught || ending === EXHAUSTED) throw error;
      return backend.valueOf('i32:1');
    } finally {
      this.depth--;
    }
  }
}

const stateOf = <V>(backend: Backend<V>, scenario: Scenario): string => {
  const tables = scenario.tables.map((kind, table) => {
    const length = backend.tableLength(table);
    if (kind === 'exn') return `${length}`;
    const texts = Array.from({ length: Math.min(length, MOST_ELEMENTS) }, (_, index) =>
      backend.textOf(backend.getElement(table, index), kind),
    );
    return `${length}: ${texts.join(' ')}`;
  });
  const globals = scenario.globals.map((kind, index) =>
    kind === 'v128' || kind === 'exn' ? kind : backend.textOf(backend.global(index), kind),
  );
  return `${backend.memories()} | ${tables.join(', ')} | ${globals.join(' ')}`;
};

/** Plays a scenario: a line for the instantiation and one for each call, up to what cannot be compared. */
export const runScenario = <V>(scenario: Scenario, backend: Backend<V>): string[] => {
  const host = new Host(backend, scenario);
  const lines: string[] = [];
  /** Writes the line of a step; false if the scenario ends here. */
  const step = (what: string, isStart: boolean, act: () => string): boolean => {
    host.log = [];
    let ending: string;
    let hasFailed = false;
    try {
      ending = act();
    } catch (error) {
      hasFailed = true;
      ending = backend.ending(error);
    }
    if (ending === EXHAUSTED || host.log.includes(`threw ${EXHAUSTED}`)) {
      lines.push(EXHAUSTED);
      return false;
    }
    const isGone = isStart && hasFailed;
    const state = isGone ? '' : stateOf(backend, scenario);
    lines.push(`${what} → ${ending} | ${host.log.join(', ')} | ${state}${backend.cost}`);
    return !isGone;
  };
  const isAlive = step('start', true, () => {
    backend.start((imported, args) => host.call(imported, args));
    host.isReady = true;
    return '';
  });
  if (!isAlive) return lines;
  for (const { func, args } of scenario.calls) {
    const { results } = scenario.funcs[func]!;
    const goesOn = step(`${func}(${args.join(' ')})`, false, () => {
      const values = backend.invoke(
        func,
        args.map((text) => backend.valueOf(text)),
      );
      return `[${values.map((value, i) => backend.textOf(value, results[i]!.kind)).join(' ')}]`;
    });
    if (!goesOn) break;
  }
  return lines;
};
