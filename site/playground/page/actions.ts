/** What people can do: each changes the state by way of the worker. */
import type { Example } from '../examples.ts';
import type { CallRequest, CallState, Mode, Move, Program, Source } from '../protocol.ts';
import { type Client, STOPPED, WorkerError } from './client.ts';
import { bytesOfText } from './codec.ts';
import { inputOf } from './input.ts';
import { isSavedCall, readSavedCall, SAVED_ENDING, writeSavedCall } from './saved-call.ts';
import { readLink, type Shared, writeLink } from './share.ts';
import type { Form, PageState, Store } from './store.ts';

/** Milliseconds after which a worker that does not pause is ended. */
const PATIENCE = 2500;
const MAX_LOG = 2000;
/** Exports that a host calls by itself. */
const INITIALISERS: readonly string[] = ['_initialize', '__wasm_call_ctors'];
/** Milliseconds without a key after which an edited text is read. */
const PAUSE = 350;

const noCall = { call: null, before: null, frame: 0, profile: null } as const;

export class Actions {
  private readonly store: Store;
  private readonly client: Client;
  /** Counts what was read, so that an answer that comes late is not shown. */
  private readings = 0;
  /** Counts what was run. */
  private runs = 0;
  private reading: Promise<unknown> = Promise.resolve();
  private edited: { readonly text: string; readonly timer: ReturnType<typeof setTimeout> } | null = null;

  constructor(store: Store, client: Client) {
    this.store = store;
    this.client = client;
    client.onLog = (line) => store.set({ log: [...store.state.log.slice(-MAX_LOG), line] });
    client.onFuel = (runningFuel) => store.set({ runningFuel });
  }

  say(notice: string): void {
    this.store.set({ notice });
  }

  /** Shows a failure of something that people asked for. */
  private fail(what: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== STOPPED) this.say(`${what}: ${message}`);
  }

  // Programs

  /** Reads a program; what is wrong with it is shown beside it. */
  load(source: Source, mode: Mode | null): Promise<Program | null> {
    this.forgetEdit();
    // What runs would not hear of it.
    if (this.store.state.busy !== null) this.client.restart();
    const reading = this.read(source, mode);
    this.reading = reading;
    return reading;
  }

  /** Takes over an edited text, when no key was pressed for a while. */
  edit(text: string): void {
    this.forgetEdit();
    this.edited = { text, timer: setTimeout(() => this.readEdit(), PAUSE) };
  }

  private forgetEdit(): void {
    if (this.edited !== null) clearTimeout(this.edited.timer);
    this.edited = null;
  }

  private readEdit(): void {
    const { edited, store } = this;
    if (edited !== null)
      void this.load({ kind: 'text', name: store.state.source.name, text: edited.text }, store.state.mode);
  }

  /** Waits until the program is the one that is seen. @throws Error when that is not a program */
  private async settle(): Promise<void> {
    this.readEdit();
    await this.reading;
    if (this.store.state.problem !== null) throw new Error('the program is not valid');
  }

  private async read(source: Source, mode: Mode | null): Promise<Program | null> {
    const reading = ++this.readings;
    const { store } = this;
    store.set({ source, mode });
    try {
      const program = await this.client.ask('load', { source, mode });
      if (reading !== this.readings) return null;
      store.set({ program, problem: null, ...noCall, breakpoints: [], listed: this.firstFunction(program) });
      this.fitForm(program);
      return program;
    } catch (error) {
      if (reading === this.readings && error instanceof WorkerError) store.set({ problem: error.shown });
      return null;
    }
  }

  private firstFunction(program: Program): number {
    const { listed, form } = this.store.state;
    const named = program.calls.find(({ name }) => name === form.functionName)?.index ?? listed;
    const { functions } = program;
    return (functions.find(({ index }) => index === named) ?? functions[0])?.index ?? 0;
  }

  /** Keeps what was chosen as far as the program has it. */
  private fitForm({ calls }: Program): void {
    const { form } = this.store.state;
    const chosen =
      calls.find(({ name }) => name === form.functionName) ??
      calls.find(({ name }) => !INITIALISERS.includes(name)) ??
      calls[0];
    const args = (chosen?.params ?? []).map(
      (type, i) => form.args[i] ?? (type.endsWith('ref') ? 'null' : '0'),
    );
    this.setForm({ functionName: chosen?.name ?? '', args });
  }

  setForm(patch: Partial<Form>): void {
    this.store.set({ form: { ...this.store.state.form, ...patch } });
  }

  chooseFunction(functionName: string): void {
    const { program } = this.store.state;
    this.setForm({ functionName });
    if (program === null) return;
    this.fitForm(program);
    this.store.set({ listed: this.firstFunction(program) });
  }

  async openExample({ name, code, functionName, input, args, fuel }: Example): Promise<void> {
    try {
      const source: Source =
        'text' in code
          ? { kind: 'text', name, text: code.text }
          : { kind: 'wasm', name, bytes: new Uint8Array(await (await fetch(code.file)).arrayBuffer()) };
      this.store.set({ view: 'text' in code ? 'source' : 'listing', log: [], tab: 'result' });
      this.setForm({ functionName, input, inputKind: 'text', args, fuel, file: null });
      await this.load(source, null);
    } catch (error) {
      this.fail('The example could not be opened', error);
    }
  }

  async openFile(name: string, bytes: Uint8Array): Promise<void> {
    const source = await this.sourceOfFile(name, bytes);
    if (source === null) return;
    this.store.set({ log: [], view: source.kind === 'text' ? 'source' : 'listing' });
    const program = await this.load(source, null);
    if (program !== null) this.say(`Opened ${name}.`);
  }

  /** Null for a file that is no program of its own. */
  private async sourceOfFile(name: string, bytes: Uint8Array): Promise<Source | null> {
    if (bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d)
      return { kind: 'wasm', name, bytes };
    if (name.endsWith(SAVED_ENDING) || isSavedCall(bytes)) {
      await this.resume(bytes);
      return null;
    }
    const text = new TextDecoder().decode(bytes);
    const { program, files } = this.store.state;
    if (program?.files.some((file) => file.endsWith(name)) === true) {
      this.store.set({ files: { ...files, [name]: text }, view: 'both' });
      this.say(`Shows the source file ${name}.`);
      return null;
    }
    return { kind: 'text', name, text };
  }

  async openLink(fragment: string): Promise<boolean> {
    let shared: Shared | null;
    try {
      shared = await readLink(fragment);
    } catch (error) {
      this.fail('The link could not be read', error);
      return false;
    }
    if (shared === null) return false;
    const { source, mode, functionName, input, inputKind, args, fuel } = shared;
    this.store.set({ log: [], view: source.kind === 'text' ? 'source' : 'listing' });
    this.setForm({ functionName, input, inputKind, args, fuel });
    await this.load(source, mode);
    return true;
  }

  /** The fragment of a link to what the page shows. */
  async linkFragment(): Promise<string> {
    this.readEdit();
    await this.reading;
    const { source, mode, form } = this.store.state;
    const { functionName, input, inputKind, args, fuel } = form;
    const kind = inputKind === 'file' ? 'text' : inputKind;
    return writeLink({
      ...{ source, mode, functionName, args, fuel },
      ...{ inputKind: kind, input: inputKind === 'file' ? '' : input },
    });
  }

  // Calls

  private async request(): Promise<CallRequest> {
    const { form } = this.store.state;
    const { functionName, args, fuel, settings } = form;
    return { functionName, args, fuel, settings, input: await inputOf(form) };
  }

  private async run(busy: PageState['busy'], ask: () => Promise<CallState>): Promise<CallState | null> {
    const { store } = this;
    if (store.state.busy !== null) return null;
    this.runs++;
    store.set({ busy, runningFuel: store.state.call?.fuel ?? 0, notice: '' });
    try {
      const call = await ask();
      store.set({ call, before: store.state.call, frame: 0 });
      this.follow(call);
      return call;
    } catch (error) {
      this.fail('Not done', error);
      return null;
    } finally {
      store.set({ busy: null });
    }
  }

  /** Lists the function that the call stands in. */
  private follow({ frames, standing }: CallState): void {
    const [top] = frames;
    if (top !== undefined) this.store.set({ listed: top.funcIndex });
    if (standing === 'failure' || standing === 'error' || standing === 'fuel')
      this.store.set({ tab: 'result' });
  }

  /** Prepares a call, which then stands before its first instruction. */
  async start(): Promise<CallState | null> {
    if (this.store.state.busy !== null) return null;
    this.store.set({ log: [], before: null, call: null, given: this.store.state.form.fuel });
    return this.run('running', async () => {
      await this.settle();
      return this.client.ask('start', await this.request());
    });
  }

  async callToEnd(): Promise<void> {
    const begun = await this.start();
    if (begun !== null && !begun.isOver && begun.standing === 'begin') await this.move('continue');
    this.store.set({ tab: 'result' });
  }

  async begin(): Promise<void> {
    if ((await this.start()) !== null) this.store.set({ tab: 'stack' });
  }

  move(move: Move): Promise<CallState | null> {
    const { byLine } = this.store.state;
    return this.run('running', () => this.client.ask('move', { move, byLine }));
  }

  runTo(offset: number | null, isBack: boolean): void {
    if (offset === null) this.say('No instruction belongs to that line or comes after it.');
    else void this.run('running', () => this.client.ask('runTo', { offsets: [offset], isBack }));
  }

  async refill(): Promise<void> {
    const { form, given } = this.store.state;
    const call = await this.run('running', () => this.client.ask('refill', form.fuel));
    if (call !== null) {
      this.store.set({ given: given + form.fuel });
      this.say(`${form.fuel.toLocaleString('en')} units of fuel were added.`);
    }
  }

  /** Ends the call; a worker that does not answer is ended with it. */
  async stop(): Promise<void> {
    const { store, client } = this;
    if (store.state.busy === null) {
      await client.ask('giveUp', null);
      store.set({ call: null, before: null, notice: 'The call was given up.' });
      return;
    }
    client.pause();
    const { runs } = this;
    setTimeout(() => {
      if (store.state.busy === null || runs !== this.runs) return;
      void this.load(store.state.source, store.state.mode).then(() =>
        this.say('It did not pause, and was ended.'),
      );
    }, PATIENCE);
  }

  /** Sets or clears a breakpoint at an offset. */
  async toggleBreakpoint(offset: number | null): Promise<void> {
    const { store, client } = this;
    if (offset === null) {
      this.say('No instruction belongs to that line or comes after it.');
      return;
    }
    const { breakpoints } = store.state;
    const isSet = breakpoints.includes(offset);
    const next = isSet ? breakpoints.filter((other) => other !== offset) : [...breakpoints, offset];
    await client.ask('breakpoints', next);
    store.set({ breakpoints: next, notice: isSet ? 'Breakpoint cleared.' : 'Breakpoint set.' });
  }

  async profile(): Promise<void> {
    const { store, client } = this;
    if (store.state.busy !== null) return;
    this.runs++;
    store.set({ busy: 'profiling', notice: '', tab: 'fuel' });
    try {
      await this.settle();
      const profile = await client.ask('profile', await this.request());
      store.set({ profile, notice: `Profile of ${profile.fuel.toLocaleString('en')} units of fuel.` });
    } catch (error) {
      this.fail('No profile', error);
    } finally {
      store.set({ busy: null });
    }
  }

  // Snapshots

  /** The paused call, as a file. */
  async snapshotFile(): Promise<{ readonly name: string; readonly bytes: Uint8Array } | null> {
    const { source, program, log } = this.store.state;
    try {
      const snapshot = await this.client.ask('snapshot', null);
      const bytes = await writeSavedCall({
        ...{ format: 'quern-playground', version: 1, source, mode: program!.mode },
        ...{ request: await this.request(), log, snapshot },
      });
      return { name: `${source.name.replace(/\W+/g, '-').toLowerCase()}${SAVED_ENDING}`, bytes };
    } catch (error) {
      this.fail('No snapshot', error);
      return null;
    }
  }

  async resume(bytes: Uint8Array): Promise<void> {
    const { store, client } = this;
    try {
      const saved = await readSavedCall(bytes);
      const { source, mode, request, log } = saved;
      const { functionName, args, fuel, settings, input } = request;
      const { program, state } = await client.ask('resume', saved);
      const isText = source.kind === 'text';
      store.set({ source, mode, program, problem: null, ...noCall, breakpoints: [], log, tab: 'stack' });
      store.set({ view: isText ? 'source' : 'listing', given: state.fuel + (state.fuelLeft ?? 0) });
      const file = new Blob([input as Uint8Array<ArrayBuffer>]);
      const text = new TextDecoder().decode(input);
      const asText = bytesOfText(text).length === input.length && !text.includes('\ufffd');
      const inputKind = asText ? 'text' : 'file';
      this.setForm({
        functionName,
        args,
        fuel,
        settings,
        inputKind,
        input: asText ? text : '',
        file: asText ? null : file,
      });
      store.set({ call: state });
      this.follow(state);
      this.say(`Resumed after ${state.fuel.toLocaleString('en')} units of fuel.`);
    } catch (error) {
      this.fail('The snapshot could not be resumed', error);
    }
  }

  async listing(index: number) {
    return this.client.ask('listing', index);
  }

  async lines(file: string) {
    return this.client.ask('lines', file);
  }

  async memory(memory: number, address: number, length: number): Promise<Uint8Array> {
    return this.client.ask('memory', { memory, address, length });
  }
}
