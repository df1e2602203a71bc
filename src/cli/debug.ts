/** `quern debug`: stops a call at its first instruction and lets LLDB connect to it. */

import { startRecordedCall } from '../debug/replayed-call.ts';
import { type DebugSession, debugCall, listenForDebugger } from '../debug-node.ts';
import { printableLines } from '../errors/texts.ts';
import type { CompiledPlugin, Plugin, PluginCall, PluginOptions } from '../node.ts';
import { describeError } from './describe-error.ts';
import type { Flags, Parsed } from './flags.ts';
import { readInput } from './input.ts';
import { paintOf } from './paint.ts';
import { numberOf, usageError } from './parse.ts';
import { compileFromFlags, toStderr } from './plugin-flags.ts';
import { readRecording } from './recordings.ts';
import { callOf, readSnapshot } from './snapshots.ts';

type DebugFlags = Flags<'debug'>;
/** The flags that select the call. */
type CallFlags = Omit<DebugFlags, 'port' | 'listen' | 'history'>;

const LOOPBACK = '127.0.0.1';
const MAX_PORT = 65535;

/** Shows the output of the plug-in, unless the call has shown it before it went back. */
export class Shown {
  session: DebugSession | null = null;

  get options(): PluginOptions {
    const write = (stream: NodeJS.WriteStream) => (bytes: Uint8Array) => {
      if (this.session?.isRepeating !== true) stream.write(bytes);
    };
    const log = (level: string) => (message: string) => {
      if (this.session?.isRepeating !== true) toStderr(level)(message);
    };
    return {
      logger: {
        trace: log('trace'),
        debug: log('debug'),
        info: log('info'),
        warn: log('warn'),
        error: log('error'),
      },
      enableWasiOutput: false,
      wasi: { stdout: write(process.stdout), stderr: write(process.stderr) },
    };
  }
}

/** The plug-in, new or from a file, with the call to debug. */
export const openDebuggedCall = async (
  compiled: CompiledPlugin,
  [source, functionName]: readonly [string, string | undefined],
  flags: CallFlags,
  options: PluginOptions,
): Promise<[Plugin, PluginCall]> => {
  if (flags.replay !== undefined) {
    const plugin = await compiled.instantiate({ ...options, replay: readRecording(flags.replay) });
    return [plugin, await startRecordedCall(plugin, functionName)];
  }
  if (flags.resume !== undefined) {
    const plugin = await compiled.restoreOnTape(readSnapshot(flags.resume), options);
    plugin.activeCall?.addFuel(numberOf(flags, 'fuel') ?? Number.MAX_SAFE_INTEGER);
    return [plugin, await callOf(plugin, functionName, () => readInput(source, flags))];
  }
  if (functionName === undefined) throw usageError('FUNCTION is missing');
  const plugin = await compiled.instantiate({ ...options, record: true });
  return [plugin, await plugin.startCall(functionName, await readInput(source, flags))];
};

const portOf = (flags: DebugFlags): number => {
  const port = numberOf(flags, 'port') ?? 0;
  if (port < 0 || port > MAX_PORT) throw usageError(`--port must be a number up to ${MAX_PORT}`);
  return port;
};

const welcome = (address: string, port: number): string => {
  const host = address.includes(':') ? `[${address}]` : address;
  const connect = `process connect --plugin wasm connect://${host}:${port}`;
  const launch = {
    type: 'lldb-dap',
    request: 'attach',
    name: 'quern debug',
    attachCommands: [connect],
  };
  const isLocal = address === LOOPBACK || address === '::1';
  return [
    `listening on ${host}:${port}${isLocal ? ', reachable from this machine only' : '; ANYONE WHO CAN CONNECT CONTROLS THE PLUG-IN'}`,
    '',
    'In a terminal (LLDB 22 or newer):',
    `  lldb -o '${connect}'`,
    'then: b FUNCTION, c, n, s, finish, v, bt; backwards: process continue -R, and thread step-inst -R',
    '',
    'In VS Code, with the extension "LLDB DAP", .vscode/launch.json:',
    ...JSON.stringify(launch, null, 2)
      .split('\n')
      .map((line) => `  ${line}`),
    '',
  ].join('\n');
};

const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs `quern debug`. */
export const runDebug = async ({ operands, flags, isVerbose, isQuiet }: Parsed<'debug'>): Promise<void> => {
  const names = operands as readonly [string, string | undefined];
  const [source] = names;
  const port = portOf(flags);
  const shown = new Shown();
  if (flags.replay !== undefined && flags.resume !== undefined)
    throw usageError('--replay and --resume exclude each other');
  const compiled = await compileFromFlags(source, flags, isQuiet);
  const [plugin, call] = await openDebuggedCall(compiled, names, flags, shown.options);
  try {
    const session = debugCall(plugin, call, { breathe, historyBytes: numberOf(flags, 'history') });
    shown.session = session;
    const stop = await session.start();
    if (stop.reason === 'done') process.stderr.write('the call has ended before its first instruction\n');
    else await serve(session, flags.listen ?? LOOPBACK, port, plugin);
    if (call.status === 'done' && call.output !== null) {
      process.stdout.write(call.output.bytes());
      process.stdout.write('\n');
    } else if (call.status === 'failed') {
      // The error of the call.
      await call.run();
    }
  } catch (error) {
    if (call.status !== 'failed') throw error;
    process.stderr.write(
      describeError(error, { isVerbose, isQuiet, paint: paintOf(process.stderr, process.env) }),
    );
    process.exitCode = 1;
  } finally {
    await plugin.close();
  }
};

/** Serves clients until one kills the call or detaches from it. */
const serve = async (session: DebugSession, address: string, port: number, plugin: Plugin): Promise<void> => {
  const server = await listenForDebugger(session, { address, port }).catch((error: Error) => {
    throw usageError(`cannot listen on ${address}:${port}: ${printableLines(error.message)}`);
  });
  process.stderr.write(welcome(server.address, server.port));
  const parting = await server.parted;
  server.close();
  session.detach();
  const { activeCall } = plugin;
  if (activeCall === null) return;
  if (parting === 'detached') while ((await activeCall.run()) === 'paused');
  else await activeCall.cancel();
};
