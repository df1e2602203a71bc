/** The bytes of string literals. @spec text-string */
import { ByteWriter } from '../syntax/byte-writer.ts';
import { CHAR, digitValue } from './characters.ts';

const simple: Readonly<Record<string, number>> = {
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  '\\': 0x5c,
  "'": 0x27,
  '"': 0x22,
};

const writeScalar = (out: ByteWriter, value: number): void => {
  if (value < 0x80) {
    out.byte(value);
    return;
  }
  const trail = value < 0x800 ? 1 : value < 0x1_0000 ? 2 : 3;
  out.byte(((0xf00 >> (trail + 1)) & 0xff) | (value >> (6 * trail)));
  for (let i = trail - 1; i >= 0; i--) out.byte(0x80 | ((value >> (6 * i)) & 0x3f));
};

/** Appends the bytes of a well-formed literal; `start` is its first quote, `end` is after its last one. */
export const appendString = (out: ByteWriter, bytes: Uint8Array, start: number, end: number): void => {
  for (let at = start + 1; at < end - 1; ) {
    const from = at;
    while (at < end - 1 && bytes[at] !== CHAR.backslash) at++;
    out.append(bytes, from, at);
    if (at >= end - 1) return;
    const next = bytes[at + 1]!;
    if (next === CHAR.u) {
      let value = 0;
      for (at += 3; bytes[at] !== CHAR.rightBrace; at++)
        if (bytes[at] !== CHAR.underscore) value = value * 16 + digitValue(bytes[at]!);
      writeScalar(out, value);
      at++;
      continue;
    }
    const plain = simple[String.fromCharCode(next)];
    if (plain === undefined) out.byte(digitValue(next) * 16 + digitValue(bytes[at + 2]!));
    else out.byte(plain);
    at += plain === undefined ? 3 : 2;
  }
};

/** The bytes of a well-formed literal. */
export const stringBytes = (bytes: Uint8Array, start: number, end: number): Uint8Array => {
  const out = new ByteWriter();
  appendString(out, bytes, start, end);
  return out.finish();
};
