/** Cases: variables, configuration, log messages. */
import type { Case } from './case.ts';
import { reporting, running } from './wat.ts';

const CONFIG = reporting('(call $say_block @str("value") (call $config_get (call $input)))');

export const variables: readonly Case[] = [
  {
    id: 'variables/survive-calls',
    title: 'A variable that one call sets exists in the next',
    source: 'all SDKs',
    modules: {
      main: `
  (func (export "set") (result i32) (call $var_set @text("name") (call $input)) (i32.const 0))
  (func (export "get") (result i32) (call $say_block @str("name") (call $var_get @text("name"))) (call $report) (i32.const 0))`,
    },
    calls: [
      { function: 'get', expect: { output: 'name=null\n' } },
      { function: 'set', input: 'Ada', expect: { output: 'any' } },
      { function: 'get', expect: { output: "name='Ada'\n" } },
    ],
  },
  {
    id: 'variables/unknown',
    title: 'A variable that is not set is the null handle',
    source: 'all SDKs',
    modules: { main: reporting('(call $say_block @str("value") (call $var_get @text("nothing")))') },
    calls: [{ expect: { output: 'value=null\n' } }],
  },
  {
    id: 'variables/inherited-name',
    title: 'Names such as "constructor" and "__proto__" are names like others',
    source: 'variables are looked up by name, not as properties',
    modules: {
      main: reporting(`
    (call $say_block @str("before") (call $var_get @text("constructor")))
    (call $say_block @str("before") (call $var_get @text("__proto__")))
    (call $var_set @text("__proto__") @text("mine"))
    (call $say_block @str("after") (call $var_get @text("__proto__")))
    (call $say_block @str("other") (call $var_get @text("toString")))`),
    },
    calls: [{ expect: { output: "before=null\nbefore=null\nafter='mine'\nother=null\n" } }],
  },
  {
    id: 'variables/overwrite',
    title: 'The last value counts',
    source: 'all SDKs',
    modules: {
      main: reporting(`
    (call $var_set @text("k") @text("first, and longer"))
    (call $var_set @text("k") @text("second"))
    (call $say_block @str("k") (call $var_get @text("k")))`),
    },
    calls: [{ expect: { output: "k='second'\n" } }],
  },
  {
    id: 'variables/delete',
    title: 'The null handle as value deletes a variable',
    source: 'all SDKs',
    modules: {
      main: reporting(`
    (call $var_set @text("k") @text("value"))
    (call $var_set @text("k") (i64.const 0))
    (call $say_block @str("k") (call $var_get @text("k")))
    (call $var_set @text("never set") (i64.const 0))`),
    },
    calls: [{ expect: { output: 'k=null\n' } }],
  },
  {
    id: 'variables/copied',
    title: 'A variable is a copy: writing to the block afterwards does not change it',
    source: 'all SDKs but one keep copies',
    modules: {
      main: reporting(`
    (local.set $a @text("before"))
    (call $var_set @text("k") (local.get $a))
    (call $store_u8 (local.get $a) (i32.const 88))
    (local.set $b (call $var_get @text("k")))
    (call $say_block @str("k") (local.get $b))
    (call $store_u8 (local.get $b) (i32.const 89))
    (call $say_block @str("k") (call $var_get @text("k")))`),
    },
    calls: [{ expect: { output: "k='before'\nk='before'\n" } }],
  },
  {
    id: 'variables/binary',
    title: 'Values are bytes',
    source: 'all SDKs',
    modules: {
      main: running(`
    (call $var_set @text("k") (call $input))
    (call $output (call $var_get @text("k")))
    (i32.const 0)`),
    },
    calls: [{ input: { hex: '00ff00fe80' }, expect: { output: { hex: '00ff00fe80' } } }],
  },
  {
    id: 'variables/after-trap',
    title: 'A variable that was set before a trap stays set',
    source: 'nothing is rolled back',
    modules: {
      main: `
  (func (export "set") (result i32) (call $var_set @text("k") @text("kept")) (unreachable))
  (func (export "get") (result i32) (call $say_block @str("k") (call $var_get @text("k"))) (call $report) (i32.const 0))`,
    },
    calls: [
      { function: 'set', expect: { error: true } },
      { function: 'get', expect: { output: "k='kept'\n" } },
    ],
  },
  {
    id: 'variables/key-after-set',
    title: 'Whether var_set frees its blocks',
    source: 'Rust and Go free, JavaScript does not',
    modules: {
      main: reporting(`
    (local.set $a @text("k"))
    (call $var_set (local.get $a) (local.get $a))
    (call $say @str("length") (call $length (local.get $a)))`),
    },
    calls: [{}],
    variants: { keeps: { output: 'length=1\n' }, frees: { output: 'length=0\n' } },
  },
];

export const config: readonly Case[] = [
  {
    id: 'config/get',
    title: 'A plug-in reads its configuration',
    source: 'all SDKs',
    load: { config: { greeting: 'Salut', 'caf\u00e9': '\u2615' } },
    modules: { main: CONFIG },
    calls: [
      { input: 'greeting', expect: { output: "value='Salut'\n" } },
      { input: 'caf\u00e9', expect: { output: "value='\u2615'\n" } },
    ],
  },
  {
    id: 'config/unknown',
    title: 'A key that is not set is the null handle',
    source: 'all SDKs',
    load: { config: { greeting: 'Salut' } },
    modules: { main: CONFIG },
    calls: [{ input: 'Greeting', expect: { output: 'value=null\n' } }],
  },
  {
    id: 'config/inherited-name',
    title: 'Keys such as "constructor" are unset unless set',
    source: 'keys are looked up by name, not as properties',
    load: { config: { a: 'b' } },
    modules: { main: CONFIG },
    calls: [
      { input: 'constructor', expect: { output: 'value=null\n' } },
      { input: 'toString', expect: { output: 'value=null\n' } },
      { input: '__proto__', expect: { output: 'value=null\n' } },
      { input: 'a', expect: { output: "value='b'\n" } },
    ],
  },
  {
    id: 'config/none',
    title: 'Without configuration every key is unset',
    source: 'all SDKs',
    modules: { main: CONFIG },
    calls: [{ input: 'anything', expect: { output: 'value=null\n' } }],
  },
  {
    id: 'config/empty-value',
    title: 'How an empty value appears',
    source: 'the null handle in Rust and Go, a block of length 0 in JavaScript; PDKs treat both alike',
    load: { config: { empty: '' } },
    modules: { main: CONFIG },
    calls: [{ input: 'empty' }],
    variants: { block: { output: "value=''\n" }, null: { output: 'value=null\n' } },
  },
];

export const logs: readonly Case[] = [
  {
    id: 'logs/levels',
    title: 'Messages of every level reach the logger, in order',
    source: 'all SDKs',
    load: { logLevel: 'trace' },
    modules: {
      main: running(`
    (call $log_trace @text("t"))
    (call $log_debug @text("d"))
    (call $log_info @text("caf\\c3\\a9"))
    (call $log_warn @text("w"))
    (call $log_error @text("e"))
    (i32.const 0)`),
    },
    calls: [
      {
        expect: {
          output: 'any',
          logs: [
            { level: 'trace', message: 't' },
            { level: 'debug', message: 'd' },
            { level: 'info', message: 'caf\u00e9' },
            { level: 'warn', message: 'w' },
            { level: 'error', message: 'e' },
          ],
        },
      },
    ],
  },
  {
    id: 'logs/filter',
    title: 'Messages below the level do not reach the logger',
    source: 'all SDKs; 1.0.3 of the JavaScript SDK has no levels',
    load: { logLevel: 'warn' },
    modules: {
      main: running(`
    (call $log_debug @text("d"))
    (call $log_info @text("i"))
    (call $log_warn @text("w"))
    (call $log_error @text("e"))
    (i32.const 0)`),
    },
    calls: [
      {
        expect: {
          output: 'any',
          logs: [
            { level: 'warn', message: 'w' },
            { level: 'error', message: 'e' },
          ],
        },
      },
    ],
  },
  {
    id: 'logs/level-numbers',
    title: 'get_log_level returns 0 for trace up to 4 for error',
    source: 'kernel ABI; PDKs compare it',
    load: { logLevel: 'info' },
    modules: { main: reporting('(call $say @str("level") (i64.extend_i32_u (call $get_log_level)))') },
    calls: [{ expect: { output: 'level=2\n' } }],
  },
  {
    id: 'logs/frees',
    title: 'The block of a message is freed, whether it was logged or not',
    source: 'Rust, Go, JavaScript',
    load: { logLevel: 'info' },
    modules: {
      main: reporting(`
    (local.set $a @text("logged"))
    (local.set $b @text("not logged"))
    (call $log_info (local.get $a))
    (call $log_debug (local.get $b))
    (call $say @str("logged") (call $length (local.get $a)))
    (call $say @str("filtered") (call $length (local.get $b)))`),
    },
    calls: [{ expect: { output: 'logged=0\nfiltered=0\n' } }],
  },
  {
    id: 'logs/bad-handle',
    title: 'What a message with a bad handle does',
    source: 'Rust fails the call, Go logs an empty text, JavaScript logs an error',
    load: { logLevel: 'info' },
    modules: {
      main: running('(call $log_info (i64.const 0x123456)) (call $output @text("on")) (i32.const 0)'),
    },
    calls: [{}],
    variants: { continues: { output: 'on' }, fails: { error: true } },
  },
];
