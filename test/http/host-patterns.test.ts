/** The one rule of host patterns, and how URLs of requests are read where the host has no `URL`. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hostPatternFault, matchesHostPattern } from '../../src/host/http/host-patterns.ts';
import { parseHttpUrl } from '../../src/host/http/url.ts';
import { createPlugin } from '../../src/node.ts';
import { assemble } from '../assembler.ts';

describe('host patterns', () => {
  const yes: readonly [string, string][] = [
    ['example.com', 'example.com'],
    ['EXAMPLE.com', 'example.COM'],
    ['*', 'anything.at.all'],
    ['*', ''],
    ['*.example.com', 'a.example.com'],
    ['*.example.com', 'a.b.example.com'],
    ['jsonplaceholder.*.com', 'jsonplaceholder.typicode.com'],
    ['a*b*c', 'abc'],
    ['a*b*c', 'axxbyyc'],
    ['*a*', 'bab'],
    ['**', 'x'],
    ['[::1]', '[::1]'],
    ['127.0.0.*', '127.0.0.1'],
    ['?.test', 'a.test'],
    ['?*?.test', 'ab.test'],
    ['api-?.*.test', 'api-7.eu.test'],
    ['[ab].test', 'b.test'],
    ['[a-c]x[0-9].test', 'bx7.test'],
    ['[a-]b.test', '-b.test'],
    ['[!ab].test', 'c.test'],
    ['[A-C].TEST', 'b.test'],
    ['{a,b}.test', 'b.test'],
    ['{,www.}a.test', 'a.test'],
    ['{,www.}a.test', 'www.a.test'],
    ['{a,{b,c}d}.test', 'cd.test'],
    ['{a,b}-{1,2}.{test,*.example}', 'b-1.x.y.example'],
    ['{*.a,b?}.test', 'bx.test'],
    ['*[0-9].test', 'x12.test'],
    ['{[::1],localhost}', '[::1]'],
    ['[fe80:*', '[fe80::1]'],
  ];
  const no: readonly [string, string][] = [
    ['example.com', 'example.com.evil'],
    ['example.com', 'evil-example.com'],
    ['*.example.com', 'example.com'],
    ['*.example.com', 'evilexample.com'],
    ['ab*ba', 'aba'],
    ['a*b*c', 'acb'],
    ['!evil.com', 'good.com'],
    ['?.test', '.test'],
    ['?.test', 'ab.test'],
    ['?*?.test', 'a.test'],
    ['[ab].test', 'c.test'],
    ['[ab].test', 'ab.test'],
    ['[!ab].test', 'a.test'],
    ['[!ab].test', '.test'],
    ['[a-c].test', '-.test'],
    ['{a,b}.test', 'c.test'],
    ['{a,b}.test', 'a,b.test'],
    ['{a,b}.test', 'a.testb.test'],
    ['{,www.}a.test', 'x.a.test'],
    ['[::1]', ':'],
    ['[::1]', '1'],
    ['exampleXcom', 'example.com'],
    ['example.com', 'exampleXcom'],
  ];
  for (const [pattern, host] of yes) {
    test(`"${pattern}" matches "${host}"`, () => assert.ok(matchesHostPattern(pattern, host)));
  }
  for (const [pattern, host] of no) {
    test(`"${pattern}" does not match "${host}"`, () => assert.ok(!matchesHostPattern(pattern, host)));
  }
  test('long names and patterns take linear time', () => {
    const start = performance.now();
    assert.ok(!matchesHostPattern(`${'*a'.repeat(500)}b`, 'a'.repeat(16_000)));
    assert.ok(!matchesHostPattern(`${'*?'.repeat(500)}[b-z]`, 'a'.repeat(16_000)));
    assert.ok(performance.now() - start < 2000);
  });
});

describe('patterns that can never match', () => {
  const refused: readonly [pattern: string, advice: RegExp][] = [
    ['', /is empty/],
    [' example.com', /space/],
    ['example.com\n', /space/],
    ['exa mple.com', /is not a host name/],
    ['* .com', /no host name has/],
    ['example.com:8080', /contains a port/],
    ['*:443', /contains a port/],
    ['example.com:*', /contains a port/],
    ['[::1]:80', /is not a host name/],
    ['https://example.com', /write only the host name: "example\.com"/],
    ['http://*', /contains a scheme/],
    ['example.com/', /path/],
    ['*/api', /path/],
    ['::1', /brackets; write "\[::1\]"/],
    ['FE80::*', /brackets/],
    ['[::1', /is not a host name/],
    ['[0:0:0:0:0:0:0:1]', /write "\[::1\]"/],
    ['[a', /opens a bracket/],
    ['[].test', /interpret differently/],
    ['[!].test', /interpret differently/],
    ['[^a].test', /interpret differently/],
    ['[z-a].test', /an empty range: z-a/],
    ['{a,b.test', /opens a brace/],
    ['a}.test', /closes a brace/],
    ['{a}.test', /braces around one part/],
    ['{1..3}.test', /braces around one part/],
    ['{a,}', /expands to an empty name/],
    ['{a.test,b.test:80}', /contains a port/],
    ['{a.test,127.1}', /contains "127\.1", which is not in normalised form/],
    [`${'{a,b}'.repeat(11)}.test`, /more than 1000 patterns/],
    ['*(a|b).test', /no host name has/],
    ['a\\?.test', /no host name has/],
    ['127.1', /write "127\.0\.0\.1"/],
    ['m\u00fcnchen.de', /write "xn--mnchen-3ya\.de"/],
    ['user@example.com', /is not a host name/],
    ['*%41', /no host name has/],
  ];
  for (const [pattern, advice] of refused) {
    test(`"${JSON.stringify(pattern)}" is refused with advice`, async () => {
      const wasm = [{ data: assemble({}) }];
      const shape = { code: 'manifest.shape', message: advice };
      await assert.rejects(createPlugin({ wasm }, { allowedHosts: ['*', pattern] }), shape);
      await assert.rejects(createPlugin({ wasm, allowed_hosts: [pattern] }), shape);
    });
  }
  test('others are accepted, those of other SDKs that are names included', async () => {
    const allowedHosts = [
      ...[
        '*',
        '**',
        '*.example.com',
        'LOCALHOST',
        '[::1]',
        '[fe80:*',
        '*:1]',
        '*:*',
        '127.0.0.*',
        'a_b.test',
      ],
      ...['!evil.com', '{a,b}.test', 'xn--mnchen-3ya.de', 'example.com.'],
    ];
    for (const pattern of allowedHosts) assert.equal(hostPatternFault(pattern), null, pattern);
  });
});

describe('URLs without the class URL', () => {
  const withoutUrl = <T>(work: () => T): T => {
    const scope = globalThis as { URL?: unknown };
    const { URL } = scope;
    delete scope.URL;
    try {
      return work();
    } finally {
      scope.URL = URL;
    }
  };
  test('plain ones are read as the class reads them', () => {
    for (const text of [
      'http://example.com',
      'https://Example.com/a/b?c=d&e=%20',
      'http://a.test:8080/x',
      'http://[::1]:80/',
      'HTTP://127.0.0.1?q',
    ]) {
      const plain = withoutUrl(() => parseHttpUrl(text));
      assert.equal(plain?.hostname, parseHttpUrl(text)?.hostname, text);
    }
  });
  test('what could be read in two ways is not accepted', () => {
    for (const text of [
      'http://a.test\\@b.test/',
      'http://a@b.test/',
      'http://a.test#@b.test/',
      ' http://a.test/',
      'http://a.test/\t',
      'http://2130706433/',
      'http://127.1/',
      'http://0x7f.0.0.1/',
      'http://127.0.0.01/',
      'http://m\u00fcnchen.de/',
      'ftp://a.test/',
      '//a.test/',
      'http:///a.test/',
    ]) {
      assert.equal(
        withoutUrl(() => parseHttpUrl(text)),
        null,
        text,
      );
    }
  });
});
