/** One client of the protocol: reads what it sends, answers in order, and interrupts the call on request. */
import type { DebugSession } from '../session.ts';
import { answerTo } from './answers.ts';
import { PacketReader, packetOf } from './packets.ts';

/**
 * How a client left: it killed the call, detached from it, or lost its connection.
 *
 * Example: see `DebugServer`.
 */
export type Parting = 'killed' | 'detached' | 'cut';

/**
 * A client of the remote protocol of GDB, in the form that LLDB has for Wasm. Use it with any connection to a client;
 * on Node, `listenForDebugger` does.
 *
 * ```js
 * const plugin = await createPlugin('build/examples/greet.wasm', { record: true });
 * const session = debugCall(plugin, await plugin.startCall('greet', 'Ada'));
 * const sent = [];
 * const connection = new DebugConnection(session, (text) => sent.push(text), () => {});
 * await connection.receive('$qC#b4');
 * console.log(sent); // → [ '+', '$QC1#c5' ]
 * session.detach();
 * await plugin.close();
 * ```
 */
export class DebugConnection {
  private readonly session: DebugSession;
  private readonly send: (text: string) => void;
  private readonly onEnd: (parting: Parting) => void;
  private readonly reader = new PacketReader();
  private readonly queue: string[] = [];
  private acknowledges = true;
  private isAnswering = false;
  private isOver = false;

  /**
   * @param send receives characters from 0 to 255, one for each byte
   * @param onEnd called once
   */
  constructor(session: DebugSession, send: (text: string) => void, onEnd: (parting: Parting) => void) {
    this.session = session;
    this.send = send;
    this.onEnd = onEnd;
  }

  /** Receives what the client has sent: characters from 0 to 255, one for each byte. Resolves when it is answered. */
  async receive(chunk: string): Promise<void> {
    for (const received of this.reader.receive(chunk)) {
      if (this.isOver) return;
      if (received === 'interrupt') this.session.interrupt();
      else if (received === 'damaged') this.send(this.acknowledges ? '-' : packetOf('E01'));
      else {
        if (this.acknowledges) this.send('+');
        this.queue.push(received.data);
      }
    }
    await this.answer();
  }

  /** The connection was lost. A running call stops. */
  close(): void {
    this.end('cut');
  }

  private async answer(): Promise<void> {
    if (this.isAnswering) return;
    this.isAnswering = true;
    for (;;) {
      const data = this.queue.shift();
      if (data === undefined || this.isOver) break;
      if (data === 'k' || data.startsWith('vKill')) {
        // LLDB waits for how the process has ended.
        this.reply(data === 'k' ? 'X09' : 'OK');
        this.end('killed');
      } else if (data.startsWith('D')) {
        this.reply('OK');
        this.end('detached');
      } else this.reply(await answerTo(this.session, data));
      if (data === 'QStartNoAckMode') this.acknowledges = false;
    }
    this.isAnswering = false;
  }

  private reply(data: string): void {
    if (!this.isOver) this.send(packetOf(data));
  }

  private end(parting: Parting): void {
    if (this.isOver) return;
    this.isOver = true;
    this.queue.length = 0;
    this.session.interrupt();
    this.onEnd(parting);
  }
}
