/** The one program of a page and the paused call: what answers the page's questions. */
import type { DebugSession, Stop } from '../../../src/debug.ts';
import { fuelProfiler } from '../../../src/profile.ts';
import type {
  CallRequest,
  CallState,
  LogLine,
  Mode,
  Move,
  ProfileReport,
  Questions,
  SavedCall,
  Settings,
  Source,
} from '../protocol.ts';
import { CoreSubject } from './core-subject.ts';
import { lineMoves } from './line-moves.ts';
import { PluginSubject } from './plugin-subject.ts';
import { type LoadedProgram, listFunction, loadProgram } from './program.ts';
import { stateOf } from './state.ts';
import type { Subject, SubjectOptions } from './subject.ts';
import { shownError } from './values.ts';

type Answers = { [Q in keyof Questions]: (ask: Questions[Q]['ask']) => Promise<Questions[Q]['answer']> };

/** TABLE: what each move does. */
const moves: Readonly<Record<Move, (session: DebugSession) => Promise<Stop>>> = {
  continue: (session) => session.continue(),
  step: (session) => session.step(),
  over: (session) => session.stepOver(),
  out: (session) => session.stepOut(),
  back: (session) => session.reverseStep(),
  runBack: (session) => session.reverseContinue(),
};

export class Workshop implements Answers {
  private loaded: LoadedProgram | null = null;
  private subject: Subject | null = null;
  /** What the subject was made with: others need another one. */
  private settings = '';
  private session: DebugSession | null = null;
  private breaks: readonly number[] = [];
  private isStopped = false;
  private readonly tell: { readonly log: (line: LogLine) => void; readonly fuel: (fuel: number) => void };
  private readonly breathe: () => Promise<void>;

  constructor(tell: Workshop['tell'], breathe: () => Promise<void>) {
    this.tell = tell;
    this.breathe = breathe;
  }

  /** Pauses what runs at the next chance. */
  pause(): void {
    this.isStopped = true;
    this.session?.interrupt();
  }

  async load({ source, mode }: { readonly source: Source; readonly mode: Mode | null }) {
    // What is wrong leaves the program that there was.
    const loaded = loadProgram(source, mode);
    await this.close();
    this.loaded = loaded;
    this.breaks = [];
    return loaded.program;
  }

  async start(request: CallRequest): Promise<CallState> {
    await this.giveUp();
    const settings = JSON.stringify(request.settings);
    if (this.subject === null || this.settings !== settings) {
      await this.subject?.close();
      this.subject = null;
      this.subject = await this.make(request.settings);
      this.settings = settings;
    }
    this.session = await this.subject.begin(request);
    return this.stateAfter((session) => session.start());
  }

  move({ move, byLine }: Questions['move']['ask']): Promise<CallState> {
    const { lineAt } = this.program;
    const moveLine = byLine && lineAt !== null ? lineMoves[move] : undefined;
    return this.stateAfter(
      moveLine === undefined || lineAt === null ? moves[move] : (session) => moveLine(session, lineAt),
    );
  }

  async runTo({ offsets, isBack }: Questions['runTo']['ask']): Promise<CallState> {
    const session = this.require();
    const own = offsets.filter((offset) => !this.breaks.includes(offset));
    for (const offset of own) session.setBreakpoint({ module: 0, offset });
    try {
      return await this.stateAfter(isBack ? moves.runBack : moves.continue);
    } finally {
      for (const offset of own) session.clearBreakpoint({ module: 0, offset });
    }
  }

  refill(fuel: number): Promise<CallState> {
    this.subject?.addFuel(fuel);
    return Promise.resolve(stateOf(this.require(), this.subject!, this.require().stop));
  }

  breakpoints(offsets: readonly number[]): Promise<null> {
    const { session, breaks } = this;
    for (const offset of breaks)
      if (!offsets.includes(offset)) session?.clearBreakpoint({ module: 0, offset });
    for (const offset of offsets) if (!breaks.includes(offset)) session?.setBreakpoint({ module: 0, offset });
    this.breaks = offsets;
    return Promise.resolve(null);
  }

  async giveUp(): Promise<null> {
    this.session?.detach();
    this.session = null;
    await this.subject?.giveUp();
    return null;
  }

  listing(index: number) {
    return Promise.resolve(listFunction(this.program, index));
  }

  lines(file: string) {
    return Promise.resolve([...(this.program.lines.get(file) ?? [])]);
  }

  memory({ memory, address, length }: Questions['memory']['ask']): Promise<Uint8Array> {
    const bytes = this.require().instances[0]?.instance.memories[memory]?.bytes ?? new Uint8Array();
    return Promise.resolve(bytes.slice(address, address + length));
  }

  /** Makes the call again, on a subject of its own. */
  async profile(request: CallRequest): Promise<ProfileReport> {
    const profiler = fuelProfiler();
    this.isStopped = false;
    const subject = await this.make(request.settings, { profiler, log: () => {} });
    profiler.reset();
    let failure: string | null = null;
    try {
      await subject.run(request, () => this.isStopped);
    } catch (error) {
      failure = shownError(error).message;
    } finally {
      await subject.close();
    }
    const { fuel, functions, calls } = profiler.profile();
    return {
      fuel,
      names: functions.map(({ name }) => name),
      hosts: functions.map(({ isHost }) => isHost),
      numbers: functions.map(({ self, total, calls: count }) => [self, total, count] as const),
      calls,
      failure,
    };
  }

  snapshot(): Promise<Uint8Array> {
    this.require();
    return Promise.resolve(this.subject!.snapshot());
  }

  async resume({ source, mode, request, snapshot }: SavedCall) {
    const loaded = loadProgram(source, mode);
    await this.close();
    this.loaded = loaded;
    this.breaks = [];
    const options = this.optionsFor(request.settings);
    const isPlugin = mode === 'plugin';
    this.subject = isPlugin
      ? await PluginSubject.restore(options, snapshot)
      : CoreSubject.restore(options, snapshot);
    this.settings = JSON.stringify(request.settings);
    this.session = await this.subject.begin(request);
    return { program: loaded.program, state: await this.stateAfter((session) => session.start()) };
  }

  private get program(): LoadedProgram {
    if (this.loaded === null) throw new Error('there is no program');
    return this.loaded;
  }

  private require(): DebugSession {
    if (this.session === null) throw new Error('there is no call');
    return this.session;
  }

  private optionsFor(settings: Settings): SubjectOptions {
    const log = (line: LogLine): void => {
      // What the call does again after it went back was said before.
      if (this.session?.isRepeating !== true) this.tell.log(line);
    };
    return { loaded: this.program, settings, log, breathe: () => this.pausing() };
  }

  private make(settings: Settings, more: Partial<SubjectOptions> = {}): Promise<Subject> {
    const options = { ...this.optionsFor(settings), ...more };
    return this.program.program.mode === 'plugin'
      ? PluginSubject.create(options)
      : Promise.resolve().then(() => CoreSubject.create(options));
  }

  private async pausing(): Promise<void> {
    if (this.subject !== null) this.tell.fuel(this.subject.fuel);
    await this.breathe();
  }

  private async stateAfter(move: (session: DebugSession) => Promise<Stop>): Promise<CallState> {
    const session = this.require();
    const stop = await move(session);
    // Instances may be new: of a plug-in whose first call makes them.
    if (stop.reason === 'begin')
      for (const offset of this.breaks) session.setBreakpoint({ module: 0, offset });
    return stateOf(session, this.subject!, stop);
  }

  private async close(): Promise<void> {
    await this.giveUp();
    await this.subject?.close();
    this.subject = null;
    this.settings = '';
  }
}
