/** As `debug.ts`, with a server for LLDB on a port. */
import { DebugConnection, type Parting } from './debug/gdb/connection.ts';
import type { DebugSession } from './debug/session.ts';
import { listenTcp } from './host/node/tcp-listener.ts';

/**
 * The address that a server of a session listens on.
 *
 * Example: see `DebugServer`.
 */
export interface ListenOptions {
  /** Default: any free port. */
  readonly port?: number | undefined;
  /**
   * Anyone who can connect can read and change everything that the call can. Default: `127.0.0.1`, this machine only.
   */
  readonly address?: string | undefined;
}

/**
 * A server that LLDB connects to.
 *
 * ```ts
 * const plugin = await createPlugin('build/examples/greet.wasm', { record: true });
 * const session = debugCall(plugin, await plugin.startCall('greet', 'Ada'));
 * await session.start();
 * const options: ListenOptions = { address: '127.0.0.1' };
 * const server: DebugServer = await listenForDebugger(session, options);
 * console.log(server.address, server.port > 0); // → 127.0.0.1 true
 * void server.parted.then((parting: Parting) => console.log(parting));
 * server.close();
 * session.detach();
 * await plugin.close();
 * ```
 */
export interface DebugServer {
  readonly address: string;
  readonly port: number;
  /**
   * Resolves when a client has killed the call or has detached, or the call has ended. A client that lost its
   * connection may come back.
   */
  readonly parted: Promise<Exclude<Parting, 'cut'>>;
  close(): void;
}

/**
 * Lets LLDB connect to a session: `process connect --plugin wasm connect://127.0.0.1:PORT`.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm', { record: true });
 * const session = debugCall(plugin, await plugin.startCall('greet', 'Ada'));
 * const server = await listenForDebugger(session);
 * console.log(server.address); // → 127.0.0.1
 * server.close();
 * session.detach();
 * await plugin.close();
 * ```
 */
export const listenForDebugger = async (
  session: DebugSession,
  { port = 0, address = '127.0.0.1' }: ListenOptions = {},
): Promise<DebugServer> => {
  let part: (parting: Exclude<Parting, 'cut'>) => void = () => {};
  const parted = new Promise<Exclude<Parting, 'cut'>>((resolve) => {
    part = resolve;
  });
  const listener = await listenTcp(address, port, (send, end) => {
    return new DebugConnection(session, send, (parting) => {
      if (parting === 'cut' && !session.isOver) return;
      end();
      part(parting === 'cut' ? 'detached' : parting);
    });
  });
  return { address: listener.address, port: listener.port, parted, close: listener.close };
};

export {
  type Breakpoint,
  type CallFrame,
  DebugConnection,
  type DebugOptions,
  DebugSession,
  debugCall,
  debugExecution,
  type FrameValue,
  type FrameValues,
  type NamedInstance,
  type Parting,
  type Position,
  type Stop,
  type StopReason,
  type TraceDetail,
  type TraceOptions,
  type WatchedRange,
} from './debug.ts';
