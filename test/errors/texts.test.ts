/** Texts from outside as parts of XML: reports, flame graphs, answers to a debugger. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeXml } from '../../src/errors/texts.ts';

test('a text from outside cannot end an attribute or an element, nor make a document invalid', () => {
  assert.equal(
    escapeXml(`<a href="x" title='y'>&amp;</a>`),
    '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;',
  );
  assert.equal(escapeXml('\x00\x08\t\n\r\x1f\ufffe\uffff'), '\ufffd\ufffd\t\n\r\ufffd\ufffd\ufffd');
  assert.equal(
    escapeXml('half \ud83d, whole \u{1f642}, half \ude42'),
    'half \ufffd, whole \u{1f642}, half \ufffd',
  );
});
