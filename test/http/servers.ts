/** Servers on the loopback interface for tests of HTTP, and a plug-in that sends what it is told. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';

/** A server and what it has been asked. */
export interface TestServer {
  readonly port: number;
  /** Method and URL of each request, in order. */
  readonly seen: string[];
  readonly requests: IncomingMessage[];
}

/** Starts a server that ends with the test file. */
export const startServer = async (
  handle: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<TestServer> => {
  const seen: string[] = [];
  const requests: IncomingMessage[] = [];
  const server: Server = createServer(async (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    requests.push(request);
    let body = '';
    for await (const chunk of request) body += chunk;
    handle(request, response, body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen, requests };
};

/** `get` sends its input as the request; `post` has the input as body as well. Both answer with the body. */
export const { sender }: Record<'sender', Uint8Array> = compileWat({
  sender: `(module ${kernelImports}
    (import "extism:host/env" "http_request" (func $request (param i64 i64) (result i64)))
    (import "extism:host/env" "http_status_code" (func $status (result i32)))
    (import "extism:host/env" "http_headers" (func $headers (result i64)))
    ${outputI64}
    (func $output (param $block i64)
      (call $output_set (local.get $block) (call $length (local.get $block))))
    (func (export "get") (call $output (call $request (call $input_offset) (i64.const 0))))
    (func (export "post") (call $output (call $request (call $input_offset) (call $input_offset))))
    (func (export "twice")
      (drop (call $request (call $input_offset) (i64.const 0)))
      (call $output (call $request (call $input_offset) (i64.const 0))))
    (func (export "bad_handle") (drop (call $request (i64.const 12345) (i64.const 0))))
    (func (export "handle") (call $output_i64 (call $request (call $input_offset) (i64.const 0))))
    (func (export "status") (call $output_i64 (i64.extend_i32_u (call $status))))
    (func (export "headers") (call $output (call $headers)))
    (func (export "headers_handle") (call $output_i64 (call $headers)))
    (func (export "echo") (call $output (call $input_offset))))`,
});
