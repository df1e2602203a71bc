/** The HTTP server that cases of the level `http` talk to, on loopback, under two names. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running fixture. */
interface Fixture {
  /** Origin with an address, which most cases allow. */
  readonly server: string;
  /** Origin with a name, which most cases do not. */
  readonly foreign: string;
  close(): void;
}

/** Most bytes of one answer. */
const MAX_BYTES = 1 << 26;

const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
  const url = new URL(request.url ?? '/', 'http://fixture');
  const [, route, operand] = url.pathname.split('/');
  const count = Math.min(Number(operand) || 0, MAX_BYTES);
  if (route === 'status') response.writeHead(count).end(count === 204 ? '' : 'answer');
  else if (route === 'bytes')
    response.writeHead(200, { 'content-length': count }).end(Buffer.alloc(count, 'x'));
  else if (route === 'redirect')
    response.writeHead(302, { location: url.searchParams.get('to') ?? '/' }).end();
  else if (route === 'headers')
    response.writeHead(200, { 'X-Fixture': 'yes', 'Set-Cookie': ['a=1', 'b=2'] }).end('ok');
  else if (route === 'echo') {
    const echo = { method: request.method, path: request.url, body, x: request.headers['x-case'] ?? null };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(echo));
  } else response.writeHead(404).end('there is no such route');
};

/** Starts the fixture on a free port. */
export const startFixture = (): Promise<Fixture> =>
  new Promise((resolve, reject) => {
    // Not imported: see `http-transport.ts`.
    const http = process.getBuiltinModule('node:http').createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => answer(request, response, Buffer.concat(chunks).toString('utf8')));
    });
    http.on('error', reject);
    // All interfaces of loopback: "localhost" may be ::1.
    http.listen(0, 'localhost', () => {
      const { port } = http.address() as AddressInfo;
      resolve({
        server: `http://127.0.0.1:${port}`,
        foreign: `http://localhost:${port}`,
        close: () => {
          http.closeAllConnections();
          http.close();
        },
      });
    });
  });
