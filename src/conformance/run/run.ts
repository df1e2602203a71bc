/**
 * Runs cases against a host and collects the results.
 *
 * A host that ends, hangs or answers nonsense fails only the current case: the next one gets a new process.
 */

import { decodeBase64, encodeBase64 } from '../../host/manifest/base64.ts';
import { sha256Hex } from '../../syntax/sha256.ts';
import { type Case, type Expectation, type Level, levelOf } from '../cases/case.ts';
import { moduleKey } from '../cases/expand-cases.ts';
import { assembledModules } from '../cases/modules.generated.ts';
import {
  type Answer,
  type HostConnection,
  PROTOCOL,
  type Request,
  type WireSettings,
} from '../protocol/protocol.ts';
import { describeExpectation, inputBytes, judge } from './judge.ts';

/** A host that ended, or did not answer in time. */
export class HostGone extends Error {
  override readonly name = 'HostGone';
}

/** A host that cases run against. */
export interface Host {
  /** Its name in the report; by default the name that it reports. */
  readonly name: string | null;
  /** The command that started it, for reproductions. */
  readonly command: string;
  connect(): Promise<HostConnection>;
}

/** The environment of the runner. */
export interface Surroundings {
  /** Origins of the HTTP fixture: `http://127.0.0.1:PORT` and `http://localhost:PORT`; null if there is none. */
  readonly http: { readonly server: string; readonly foreign: string } | null;
  /** Makes an empty directory for a case and returns its path; null if there are no directories. */
  readonly makeDirectory: ((name: string) => string) | null;
  /** Writes a module to a file, for hosts that read files; returns its path. */
  readonly writeModule: (key: string, bytes: Uint8Array) => string;
}

/** The result of one case. */
export interface Outcome {
  readonly case: Case;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** The observed behaviour, if several are right. */
  readonly variant?: string;
  /** What was expected, and what happened instead; or why the case was skipped. */
  readonly detail?: string;
}

/** The results of all cases on one host. */
export interface HostReport {
  readonly host: string;
  readonly version: string;
  readonly command: string;
  readonly outcomes: readonly Outcome[];
}

const NO_LIMITS = { maxPages: null, maxVarBytes: null, maxHttpResponseBytes: null };

/** Bytes of a module of a case. */
const moduleBytes = (item: Case, name: string): Uint8Array => {
  const data = assembledModules[moduleKey(item, name)];
  const bytes = data === undefined ? null : decodeBase64(data);
  if (bytes === null) throw new Error(`${item.id}: module ${name} was not assembled: run npm run gen`);
  return bytes;
};

/** The manifest of a case as text, with its modules in it. */
const manifestText = (item: Case, { makeDirectory }: Surroundings): string | null =>
  item.manifest
    ?.replace(/@data\((\w+)\)/g, (_, name: string) => encodeBase64(moduleBytes(item, name)))
    .replace(/@sha256\((\w+)\)/g, (_, name: string) => sha256Hex(moduleBytes(item, name)))
    // A path may contain backslashes, which JSON escapes.
    .replace(/@directory\((\w+)\)/g, (_, name: string) =>
      JSON.stringify(makeDirectory!(name)).slice(1, -1),
    ) ?? null;

const settingsOf = (item: Case, surroundings: Surroundings): WireSettings => {
  const load = item.load ?? {};
  const paths = Object.entries(load.allowedPaths ?? {}).map(([guest, name]) => {
    const isReadOnly = name.startsWith('ro:');
    const directory = surroundings.makeDirectory!(name.replace(/^ro:/, ''));
    return [guest, isReadOnly ? `ro:${directory}` : directory];
  });
  return {
    wasi: load.wasi ?? false,
    config: load.config ?? {},
    memory: { ...NO_LIMITS, ...load.memory },
    timeoutMs: load.timeoutMs ?? null,
    allowedHosts: load.allowedHosts ?? [],
    allowedPaths: Object.fromEntries(paths) as Record<string, string>,
    httpResponseHeaders: load.httpResponseHeaders ?? false,
    logLevel: load.logLevel ?? 'error',
    functions: load.functions ?? [],
  };
};

/** The request that loads the plug-in of a case. */
const loadRequest = (item: Case, surroundings: Surroundings): Request => ({
  method: 'load',
  modules: Object.keys(item.modules).map((name) => {
    const bytes = moduleBytes(item, name);
    return {
      name,
      data: encodeBase64(bytes),
      path: surroundings.writeModule(moduleKey(item, name), bytes),
    };
  }),
  manifest: manifestText(item, surroundings),
  settings: settingsOf(item, surroundings),
});

/** Whether a call sends a request to the fixture. */
const usesServer = ({ calls }: Case): boolean =>
  calls.some(({ input }) => typeof input === 'string' && /@(server|foreign)/.test(input));

const withServers = (item: Case, { http }: Surroundings, bytes: Uint8Array): Uint8Array => {
  if (!usesServer(item) || http === null) return bytes;
  const text = String.fromCharCode(...bytes);
  const replaced = text.replaceAll('@server', http.server).replaceAll('@foreign', http.foreign);
  return Uint8Array.from(replaced, (character) => character.charCodeAt(0));
};

/** Why a case cannot be run on a host; null if it can. */
const reasonToSkip = (item: Case, lacks: readonly string[], surroundings: Surroundings): string | null => {
  const level: Level = levelOf(item);
  const missing = [level, ...(item.load?.functions ?? [])].find((name) => lacks.includes(name));
  if (missing !== undefined) return `the adapter reports that the host lacks ${missing}`;
  if (usesServer(item) && surroundings.http === null) return 'there is no HTTP fixture here';
  const needsDirectory = item.load?.allowedPaths !== undefined || item.manifest?.includes('@directory(');
  if (needsDirectory && surroundings.makeDirectory === null) return 'there are no directories here';
  return null;
};

const wanted = (expectation: Expectation, problem: string, where: string): string =>
  `${where}: expected ${describeExpectation(expectation)}; ${problem}`;

const runSteps = async (
  item: Case,
  connection: HostConnection,
  surroundings: Surroundings,
): Promise<Omit<Outcome, 'case'>> => {
  const loaded = await connection.ask(loadRequest(item, surroundings));
  if ('error' in loaded) {
    if (item.loadFails === undefined)
      return {
        status: 'failed',
        detail: wanted({ output: 'any' }, judge({ output: 'any' }, loaded)!, 'load'),
      };
    const problem = judge({ error: item.loadFails }, loaded);
    return problem === null
      ? { status: 'passed' }
      : { status: 'failed', detail: wanted({ error: item.loadFails }, problem, 'load') };
  }
  let answer: Answer = loaded;
  const calls = item.calls.flatMap((call) => Array.from({ length: call.repeat ?? 1 }, () => call));
  for (const [i, { function: name = 'run', input, expect }] of calls.entries()) {
    const bytes = withServers(item, surroundings, inputBytes(input));
    answer = await connection.ask({ method: 'call', function: name, input: encodeBase64(bytes) });
    const problem = expect === undefined ? null : judge(expect, answer);
    if (problem !== null)
      return { status: 'failed', detail: wanted(expect!, problem, `call ${i + 1}, ${name}`) };
  }
  if (item.variants === undefined) return { status: 'passed' };
  const seen = Object.entries(item.variants).find(([, expectation]) => judge(expectation, answer) === null);
  if (seen !== undefined) return { status: 'passed', variant: seen[0] };
  const all = Object.values(item.variants).map(describeExpectation).join(', or ');
  return {
    status: 'failed',
    detail: `expected ${all}; ${judge({ output: 'any' }, answer) ?? 'got something else'}`,
  };
};

/** Runs cases on a host. */
export const runCases = async (
  host: Host,
  cases: readonly Case[],
  surroundings: Surroundings,
  onOutcome: (outcome: Outcome) => void = () => {},
): Promise<HostReport> => {
  let connection: HostConnection | null = null;
  let greeting: Extract<Answer, { host: string }> | null = null;
  const connect = async (): Promise<HostConnection> => {
    const made = await host.connect();
    connection = made;
    const answer = await made.ask({ method: 'hello', protocol: PROTOCOL });
    if (!('host' in answer)) throw new HostGone('the adapter did not answer hello');
    if (answer.protocol !== PROTOCOL)
      throw new HostGone(`the adapter speaks protocol ${answer.protocol}, the kit ${PROTOCOL}`);
    greeting = answer;
    return made;
  };
  // A host that cannot be reached at all is not a result.
  connection = await connect();
  const { host: hostName, version, lacks = [] } = greeting!;
  const outcomes: Outcome[] = [];
  try {
    for (const item of cases) {
      const reason = reasonToSkip(item, lacks, surroundings);
      let outcome: Omit<Outcome, 'case'>;
      if (reason !== null) outcome = { status: 'skipped', detail: reason };
      else {
        try {
          connection ??= await connect();
          outcome = await runSteps(item, connection, surroundings);
          await connection.ask({ method: 'close' });
        } catch (error) {
          if (!(error instanceof HostGone)) throw error;
          outcome = { status: 'failed', detail: error.message };
          await connection?.end();
          connection = null;
        }
      }
      const complete = { case: item, ...outcome };
      outcomes.push(complete);
      onOutcome(complete);
    }
  } finally {
    await connection?.end();
  }
  return { host: host.name ?? hostName, version, command: host.command, outcomes };
};
