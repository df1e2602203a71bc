/** Cases: manifests in JSON, in the form that SDKs share (snake case, base64). */
import type { Case } from './case.ts';
import { reporting, running } from './wat.ts';

const CONFIG = reporting('(call $say_block @str("value") (call $config_get (call $input)))');
const GREET = running('(call $output @text("loaded")) (i32.const 0)');

/** Tries to get 100 pages. */
const GROW = running(`
    (if (i32.eq (memory.grow (i32.const 100)) (i32.const -1))
      (then (call $output @text("refused")))
      (else (call $output @text("grew"))))
    (i32.const 0)`);

const manifest = (more: string): string => `{"wasm": [{"data": "@data(main)"}]${more}}`;

export const manifests: readonly Case[] = [
  {
    id: 'manifest/base64',
    title: 'A module is given as base64',
    source: 'manifest schema: wasm[].data',
    modules: { main: GREET },
    manifest: manifest(''),
    calls: [{ expect: { output: 'loaded' } }],
  },
  {
    id: 'manifest/hash',
    title: 'A module with the right hash is loaded',
    source: 'manifest schema: wasm[].hash',
    modules: { main: GREET },
    manifest: '{"wasm": [{"data": "@data(main)", "hash": "@sha256(main)"}]}',
    calls: [{ expect: { output: 'loaded' } }],
  },
  {
    id: 'manifest/wrong-hash',
    title: 'A module with the wrong hash is refused',
    source: 'manifest schema: wasm[].hash',
    modules: { main: GREET },
    manifest: `{"wasm": [{"data": "@data(main)", "hash": "${'0'.repeat(64)}"}]}`,
    loadFails: true,
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'manifest/config',
    title: 'Configuration is read from the manifest',
    source: 'manifest schema: config',
    modules: { main: CONFIG },
    manifest: manifest(', "config": {"key": "from the manifest"}'),
    calls: [{ input: 'key', expect: { output: "value='from the manifest'\n" } }],
  },
  {
    id: 'manifest/names',
    title: 'Modules are linked by name; the one named "main" is main',
    source: 'manifest schema: wasm[].name',
    modules: {
      helper: '(func (export "seven") (result i64) (i64.const 7))',
      main: reporting(
        '(call $say @str("seven") (call $seven))',
        '(import "helper" "seven" (func $seven (result i64)))',
      ),
    },
    manifest:
      '{"wasm": [{"data": "@data(helper)", "name": "helper"}, {"data": "@data(main)", "name": "main"}]}',
    calls: [{ expect: { output: 'seven=7\n' } }],
  },
  {
    id: 'manifest/timeout',
    title: 'timeout_ms stops a call',
    source: 'manifest schema: timeout_ms',
    modules: { main: running('(loop (br 0)) (i32.const 0)') },
    manifest: manifest(', "timeout_ms": 300'),
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'manifest/memory-pages',
    title: 'memory.max_pages limits the memory of the plug-in',
    source: 'manifest schema: memory.max_pages',
    modules: { main: GROW },
    manifest: manifest(', "memory": {"max_pages": 50}'),
    calls: [{}],
    variants: { refuses: { output: 'refused' }, aborts: { error: true } },
  },
  {
    id: 'manifest/var-bytes',
    title: 'memory.max_var_bytes limits variables',
    source: 'manifest schema: memory.max_var_bytes',
    modules: {
      main: running('(call $var_set @text("k") (call $alloc (i64.const 5000))) (i32.const 0)'),
    },
    manifest: manifest(', "memory": {"max_var_bytes": 1000}'),
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'manifest/allowed-paths',
    title: 'allowed_paths maps paths of the host to paths of the plug-in',
    source: 'manifest schema: allowed_paths',
    load: { wasi: true },
    modules: {
      main: reporting(
        `
    (drop (call $fd_prestat_get (i32.const 3) (i32.const 512)))
    (call $say @str("length") (i64.extend_i32_u (i32.load (i32.const 516))))`,
        '(import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))',
      ),
    },
    manifest: manifest(', "allowed_paths": {"@directory(data)": "/box"}'),
    calls: [{ expect: { output: 'length=4\n' } }],
  },
  {
    id: 'manifest/allowed-hosts',
    title: 'allowed_hosts allows hosts, and no others',
    source: 'manifest schema: allowed_hosts',
    modules: {
      main: running(
        '(drop (call $http_request (call $input) (i64.const 0))) (call $output @text("sent")) (i32.const 0)',
      ),
    },
    manifest: manifest(', "allowed_hosts": ["127.0.0.1"]'),
    calls: [
      { input: '{"url": "@server/echo"}', expect: { output: 'sent' } },
      { input: '{"url": "@foreign/echo"}', expect: { error: 'not allowed' } },
    ],
  },
  {
    id: 'manifest/no-wasm',
    title: 'A manifest without modules is refused',
    source: 'all SDKs',
    modules: { main: GREET },
    manifest: '{"wasm": []}',
    loadFails: true,
    calls: [{ expect: { error: true } }],
  },
  {
    id: 'manifest/not-a-module',
    title: 'Bytes that are not a module are refused',
    source: 'all SDKs',
    modules: { main: GREET },
    manifest: '{"wasm": [{"data": "bm90IGEgbW9kdWxl"}]}',
    loadFails: true,
    calls: [{ expect: { error: true } }],
  },
];
