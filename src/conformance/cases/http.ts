/**
 * Cases: HTTP requests. The runner serves `@server` (127.0.0.1) and `@foreign` (localhost), two names of one
 * fixture: `/echo` answers with the request as JSON, `/status/N` with a status, `/bytes/N` with that many bytes,
 * `/redirect?to=URL` with a redirect, `/headers` with some headers.
 */
import type { Case } from './case.ts';
import { reporting, running } from './wat.ts';

/** Sends the request that is the input; the body of the request is empty. */
const SEND = running('(call $output (call $http_request (call $input) (i64.const 0))) (i32.const 0)');
const STATUS = reporting(`
    (call $say @str("before") (i64.extend_i32_u (call $http_status_code)))
    (local.set $a (call $http_request (call $input) (i64.const 0)))
    (call $say @str("length") (call $length (local.get $a)))
    (call $say @str("status") (i64.extend_i32_u (call $http_status_code)))`);
const LOCAL = { allowedHosts: ['127.0.0.1'] };

export const http: readonly Case[] = [
  {
    id: 'http/get',
    title: 'A request without a method is a GET, and its body comes back',
    source: 'all SDKs',
    load: LOCAL,
    modules: { main: SEND },
    calls: [
      {
        input: '{"url": "@server/echo"}',
        expect: { output: '{"method":"GET","path":"/echo","body":"","x":null}' },
      },
    ],
  },
  {
    id: 'http/post',
    title: 'Method, headers and body are sent',
    source: 'all SDKs',
    load: LOCAL,
    modules: {
      main: running('(call $output (call $http_request (call $input) @text("ping=1"))) (i32.const 0)'),
    },
    calls: [
      {
        input: '{"url": "@server/echo?q=1", "method": "post", "headers": {"x-case": "yes"}}',
        expect: { output: '{"method":"POST","path":"/echo?q=1","body":"ping=1","x":"yes"}' },
      },
    ],
  },
  {
    id: 'http/status',
    title: 'A status of 400 or more is a normal response; before the first request the status is 0',
    source: 'all SDKs',
    load: LOCAL,
    modules: { main: STATUS },
    calls: [
      { input: '{"url": "@server/status/418"}', expect: { output: 'before=0\nlength=6\nstatus=418\n' } },
    ],
  },
  {
    id: 'http/not-allowed',
    title: 'A request to a host that is not allowed fails the call',
    source: 'all SDKs',
    load: LOCAL,
    modules: { main: SEND },
    calls: [{ input: '{"url": "@foreign/echo"}', expect: { error: 'not allowed' } }],
  },
  {
    id: 'http/none-allowed',
    title: 'Without allowed hosts every request fails the call',
    source: 'all SDKs: nothing is allowed by default',
    modules: { main: SEND },
    calls: [{ input: '{"url": "@server/echo"}', expect: { error: true } }],
  },
  {
    id: 'http/port',
    title: 'Hosts are matched without their port',
    source: 'all SDKs',
    load: { allowedHosts: ['127.0.0.*'] },
    modules: { main: STATUS },
    calls: [
      { input: '{"url": "@server/status/204"}', expect: { output: 'before=0\nlength=0\nstatus=204\n' } },
    ],
  },
  {
    id: 'http/case',
    title: 'Case does not count in host names',
    source:
      'RFC 3986, section 3.2.2; the JavaScript SDK compares an upper-case pattern with a lower-case name',
    load: { allowedHosts: ['LOCALHOST'] },
    modules: { main: STATUS },
    calls: [
      { input: '{"url": "@foreign/status/200"}', expect: { output: 'before=0\nlength=6\nstatus=200\n' } },
    ],
  },
  {
    id: 'http/no-negation',
    title: 'A pattern that begins with "!" does not allow every other host',
    source: 'Rust and Go take it literally; minimatch negates',
    load: { allowedHosts: ['!evil.example'] },
    modules: { main: SEND },
    calls: [{ input: '{"url": "@server/echo"}', expect: { error: true } }],
  },
  {
    id: 'http/redirect',
    title: 'A redirect to an allowed host is followed',
    source: 'all SDKs',
    load: LOCAL,
    modules: { main: STATUS },
    calls: [
      {
        input: '{"url": "@server/redirect?to=@server/status/200"}',
        expect: { output: 'before=0\nlength=6\nstatus=200\n' },
      },
    ],
  },
  {
    id: 'http/foreign-redirect',
    title: 'A redirect does not lead to a host that is not allowed',
    source: 'allowed hosts limit where a request ends up, not only where it begins',
    load: LOCAL,
    modules: { main: SEND },
    calls: [{ input: '{"url": "@server/redirect?to=@foreign/echo"}', expect: { error: true } }],
  },
  {
    id: 'http/headers-off',
    title: 'Headers of a response are not visible unless enabled',
    source: 'all SDKs',
    load: LOCAL,
    modules: {
      main: reporting(`
    (drop (call $http_request (call $input) (i64.const 0)))
    (call $say @str("headers") (call $http_headers))`),
    },
    calls: [{ input: '{"url": "@server/headers"}', expect: { output: 'headers=0\n' } }],
  },
  {
    id: 'http/headers',
    title: 'Headers of a response are JSON with names in lower case',
    source: 'Rust, Go, JavaScript 2',
    load: { ...LOCAL, httpResponseHeaders: true },
    modules: {
      main: reporting(`
    (drop (call $http_request (call $input) (i64.const 0)))
    (local.set $a (call $http_headers))
    (call $say @str("brace") (i64.extend_i32_u (call $load_u8 (local.get $a))))
    (call $say @str("some") (i64.extend_i32_u (i64.gt_u (call $length (local.get $a)) (i64.const 20))))`),
    },
    calls: [{ input: '{"url": "@server/headers"}', expect: { output: 'brace=123\nsome=1\n' } }],
  },
  {
    id: 'http/too-large',
    title: 'A body beyond maxHttpResponseBytes does not reach the plug-in',
    source: 'the call fails in Rust and Go; in JavaScript the handle is 0',
    load: { ...LOCAL, memory: { maxHttpResponseBytes: 1000 } },
    modules: {
      main: running(`
    (local.set $a (call $http_request (call $input) (i64.const 0)))
    (if (i64.eqz (call $length (local.get $a))) (then (unreachable)))
    (i32.const 0)`),
    },
    calls: [{ input: '{"url": "@server/bytes/5000"}', expect: { error: true } }],
  },
  {
    id: 'http/limit-fits',
    title: 'A body of exactly maxHttpResponseBytes reaches the plug-in',
    source: 'Rust: more than the limit is too much',
    load: { ...LOCAL, memory: { maxHttpResponseBytes: 1000 } },
    modules: { main: STATUS },
    calls: [
      { input: '{"url": "@server/bytes/1000"}', expect: { output: 'before=0\nlength=1000\nstatus=200\n' } },
    ],
  },
  {
    id: 'http/limit-default',
    title: 'Without a setting, a body of more than 50 MiB does not reach the plug-in',
    source: 'Rust, Go: 50 MiB',
    load: LOCAL,
    modules: {
      main: running(`
    (local.set $a (call $http_request (call $input) (i64.const 0)))
    (if (i64.eqz (call $length (local.get $a))) (then (unreachable)))
    (i32.const 0)`),
    },
    calls: [{ input: '{"url": "@server/bytes/52428801"}', expect: { error: true } }],
  },
  {
    id: 'http/no-answer',
    title: 'An unreachable server fails the call; the plug-in can be called again',
    source: 'Rust, Java; in Go the plug-in is closed',
    load: LOCAL,
    modules: { main: SEND },
    calls: [
      { input: '{"url": "http://127.0.0.1:1/"}', expect: { error: true } },
      { input: '{"url": "@server/echo"}', expect: { output: 'any' } },
    ],
  },
  {
    id: 'http/bad-url',
    title: 'A text that is not a URL, or not HTTP, fails the call',
    source: 'all SDKs',
    load: { allowedHosts: ['*'] },
    modules: { main: SEND },
    calls: [
      { input: '{"url": "not a url"}', expect: { error: true } },
      { input: '{"url": "file:///etc/hostname"}', expect: { error: true } },
    ],
  },
];
