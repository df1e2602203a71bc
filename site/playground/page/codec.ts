/** Bytes as text and back; compression where the browser has it. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const bytesOfText = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);
export const textOfBytes = (bytes: Uint8Array): string => decoder.decode(bytes);

export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** @throws Error for what are no digits in pairs */
export const bytesOfHex = (text: string): Uint8Array => {
  const digits = text.replace(/0x|[\s,_]/gi, '');
  if (!/^(?:[\da-f]{2})*$/i.test(digits))
    throw new Error('the input is no sequence of bytes in hexadecimal digits');
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
};

/** Base64 for links: without padding, and with letters that a fragment may hold. */
export const base64Of = (bytes: Uint8Array): string => {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 0x8000)
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
};

/** @throws Error for other letters */
export const bytesOfBase64 = (text: string): Uint8Array => {
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
};

/** Whether the browser can compress. */
export const canCompress =
  typeof CompressionStream === 'function' && typeof DecompressionStream === 'function';

const through = async (
  bytes: Uint8Array,
  stream: GenericTransformStream,
  most: number,
): Promise<Uint8Array> => {
  const writer = stream.writable.getWriter();
  const written = Promise.all([writer.write(bytes), writer.close()]);
  // What is wrong is told where it is read.
  written.catch(() => {});
  const reader = (stream.readable as ReadableStream<Uint8Array>).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new Error(`it holds more than ${most} bytes`);
    }
    chunks.push(value);
  }
  await written;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
};

export const compress = (bytes: Uint8Array, format: CompressionFormat): Promise<Uint8Array> =>
  through(bytes, new CompressionStream(format), Number.POSITIVE_INFINITY);

/** @throws Error for damaged bytes, for more than `most` of them, and where the browser has no streams for it */
export const decompress = async (
  bytes: Uint8Array,
  format: CompressionFormat,
  most: number,
): Promise<Uint8Array> => {
  if (!canCompress) throw new Error('this browser cannot unpack it: it has no DecompressionStream');
  return through(bytes, new DecompressionStream(format), most);
};
