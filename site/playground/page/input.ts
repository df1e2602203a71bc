/** The input of a plug-in, as it was chosen to be written. */
import { bytesOfHex, bytesOfText } from './codec.ts';
import type { Form } from './store.ts';

/** The bytes of the input. @throws Error for what is no JSON or no digits */
export const inputOf = async ({ inputKind, input, file }: Form): Promise<Uint8Array> => {
  if (inputKind === 'file')
    return file === null ? new Uint8Array() : new Uint8Array(await file.arrayBuffer());
  if (inputKind === 'hex') return bytesOfHex(input);
  // As it was written: a number may have more digits than one of JavaScript.
  if (inputKind === 'json') JSON.parse(input);
  return bytesOfText(input);
};
