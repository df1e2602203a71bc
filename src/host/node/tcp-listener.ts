/** Listens on a port for one client at a time. */
import { createServer, type Socket } from 'node:net';

/** The handler of a client. */
interface ClientHandler {
  /** Receives data: characters from 0 to 255, one for each byte. */
  receive(chunk: string): unknown;
  /** The connection was lost. */
  close(): void;
}

/** A listening port. */
interface TcpListener {
  readonly address: string;
  readonly port: number;
  close(): void;
}

/** Milliseconds that a client has to disconnect after its last answer. */
const PARTING_MS = 1000;

/**
 * Listens. While a client is connected, others are rejected.
 *
 * @param onClient receives functions that send to the client and end the connection
 * @throws the error of the system if the port is in use
 */
export const listenTcp = (
  address: string,
  port: number,
  onClient: (send: (text: string) => void, end: () => void) => ClientHandler,
): Promise<TcpListener> =>
  new Promise((resolve, reject) => {
    let current: Socket | null = null;
    const server = createServer((socket) => {
      if (current !== null) {
        socket.destroy();
        return;
      }
      current = socket;
      socket.setNoDelay(true);
      socket.setEncoding('latin1');
      const end = (): void => {
        socket.end();
        setTimeout(() => socket.destroy(), PARTING_MS).unref();
      };
      const handler = onClient((text) => {
        if (!socket.destroyed) socket.write(text, 'latin1');
      }, end);
      socket.on('data', (chunk: string) => handler.receive(chunk));
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        current = null;
        handler.close();
      });
    });
    server.once('error', reject);
    server.listen(port, address, () => {
      const bound = server.address() as { address: string; port: number };
      resolve({
        address: bound.address,
        port: bound.port,
        close: () => {
          server.close();
          current?.destroy();
        },
      });
    });
  });
