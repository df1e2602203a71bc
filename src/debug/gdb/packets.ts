/**
 * Packets of the remote protocol of GDB: `$`, data, `#` and a sum, in both directions; and the formats of their
 * contents. Data is characters from 0 to 255, one for each byte.
 */
import { hexOf } from '../../syntax/hex.ts';
import { encodeUtf8 } from '../../syntax/utf8.ts';

/** Most characters of a packet that is read: more than any that a client needs. */
export const PACKET_SIZE = 0x1_0000;

const ESCAPE = '}';
/** What an escaped character was changed by. */
const ESCAPED_BY = 0x20;

/** A number of a byte as two digits. */
const digitsOf = (byte: number): string => (byte < 16 ? '0' : '') + byte.toString(16);

/** The bytes of a text in UTF-8 as digits. */
export const hexText = (text: string): string => hexOf(encodeUtf8(text));

/** Digits as bytes; null for anything else. */
export const bytesOf = (hex: string): Uint8Array | null => {
  if (hex.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(hex)) return null;
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
};

/** A number of 64 bits as the protocol writes registers: bytes, lowest first. */
export const hexWord = (value: bigint): string => {
  let text = '';
  for (let shift = 0n; shift < 64n; shift += 8n) text += digitsOf(Number((value >> shift) & 0xffn));
  return text;
};

/** A number in base 16; null for anything else, or for more than 64 bits. */
export const wordOf = (text: string | undefined): bigint | null =>
  text !== undefined && /^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : null;

/** A number in base 16 that has at most 53 bits. */
export const numberOf = (text: string | undefined): number | null => {
  const word = wordOf(text);
  return word !== null && word <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(word) : null;
};

/** A number in base 10. */
export const decimalOf = (text: string | undefined): number | null =>
  text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : null;

const sumOf = (data: string): number => {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum = (sum + data.charCodeAt(i)) & 255;
  return sum;
};

/** A packet around data. */
export const packetOf = (data: string): string => {
  const escaped = data.replace(
    /[#$}*]/g,
    (char) => ESCAPE + String.fromCharCode(char.charCodeAt(0) ^ ESCAPED_BY),
  );
  return `$${escaped}#${digitsOf(sumOf(escaped))}`;
};

/** The result of reading: data of a packet, a packet with a wrong sum, or the request to stop. */
type Received = { readonly data: string } | 'damaged' | 'interrupt';

const INTERRUPT = '\x03';

/** Where a packet or the request to stop begins; -1 if none does. */
const beginning = (text: string): number => {
  const [packet, interrupt] = [text.indexOf('$'), text.indexOf(INTERRUPT)];
  return packet < 0 || interrupt < 0 ? Math.max(packet, interrupt) : Math.min(packet, interrupt);
};

/** Splits a stream of characters into packets. Anything else is dropped. */
export class PacketReader {
  private rest = '';

  receive(chunk: string): Received[] {
    const found: Received[] = [];
    this.rest += chunk;
    for (;;) {
      const start = beginning(this.rest);
      if (start < 0) {
        this.rest = '';
        return found;
      }
      if (this.rest[start] === INTERRUPT) {
        found.push('interrupt');
        this.rest = this.rest.slice(start + 1);
        continue;
      }
      const end = this.rest.indexOf('#', start);
      if (end < 0 || end + 2 >= this.rest.length) {
        const isTooLong = this.rest.length - start > PACKET_SIZE;
        this.rest = isTooLong ? '' : this.rest.slice(start);
        if (isTooLong) found.push('damaged');
        return found;
      }
      const data = this.rest.slice(start + 1, end);
      const sum = this.rest.slice(end + 1, end + 3);
      this.rest = this.rest.slice(end + 3);
      const isWhole = numberOf(sum) === sumOf(data) && data.length <= PACKET_SIZE;
      found.push(isWhole ? { data: unescaped(data) } : 'damaged');
    }
  }
}

const unescaped = (data: string): string =>
  data.replace(/\}([\s\S])/g, (_, char: string) => String.fromCharCode(char.charCodeAt(0) ^ ESCAPED_BY));
