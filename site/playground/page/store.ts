/** The state of the page, and who is told when a part of it changes. */
import type {
  CallState,
  LogLine,
  Mode,
  ProfileReport,
  Program,
  Settings,
  ShownError,
  Source,
} from '../protocol.ts';

export type InputKind = 'text' | 'hex' | 'json' | 'file';
export type View = 'source' | 'listing' | 'both';
export type TabName = 'result' | 'log' | 'stack' | 'memory' | 'fuel' | 'module';

/** The fields of the form that makes a call. */
export interface Form {
  readonly functionName: string;
  readonly inputKind: InputKind;
  readonly input: string;
  readonly file: Blob | null;
  readonly args: readonly string[];
  readonly fuel: number;
  readonly settings: Settings;
}

export interface PageState {
  readonly source: Source;
  /** Null while the first one is read. */
  readonly program: Program | null;
  /** Why the source is no program. */
  readonly problem: ShownError | null;
  /** The mode that was chosen; null for the one that fits. */
  readonly mode: Mode | null;
  readonly form: Form;
  readonly call: CallState | null;
  /** The state before, to mark what has changed. */
  readonly before: CallState | null;
  readonly frame: number;
  readonly busy: 'loading' | 'running' | 'profiling' | null;
  readonly runningFuel: number;
  /** Fuel that the call was given so far. */
  readonly given: number;
  readonly log: readonly LogLine[];
  readonly breakpoints: readonly number[];
  /** Whether steps are whole lines. */
  readonly byLine: boolean;
  readonly view: View;
  /** The function of the listing. */
  readonly listed: number;
  /** Texts of source files, by the ends of their paths. */
  readonly files: Readonly<Record<string, string>>;
  readonly tab: TabName;
  readonly profile: ProfileReport | null;
  /** What the page says to everybody, screen readers included. */
  readonly notice: string;
}

type Key = keyof PageState;

export class Store {
  private current: PageState;
  private readonly watchers: {
    readonly keys: readonly Key[];
    readonly render: (state: PageState) => void;
  }[] = [];

  constructor(state: PageState) {
    this.current = state;
  }

  get state(): PageState {
    return this.current;
  }

  set(patch: Partial<PageState>): void {
    const before = this.current;
    this.current = { ...before, ...patch };
    const changed = new Set((Object.keys(patch) as Key[]).filter((key) => before[key] !== this.current[key]));
    for (const { keys, render } of this.watchers)
      if (keys.some((key) => changed.has(key))) render(this.current);
  }

  /** Renders now, and whenever one of the parts has changed. */
  watch(keys: readonly Key[], render: (state: PageState) => void): void {
    this.watchers.push({ keys, render });
    render(this.current);
  }
}
