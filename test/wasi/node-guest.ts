/** The guest of the WASI tests, compiled for tests in Node. */
import { compileWat } from '../wat.ts';
import { guestText, provideGuest } from './guest.ts';

/** The module in binary form. */
export const guestBytes: Uint8Array = compileWat({ guest: guestText }).guest;
provideGuest(guestBytes);

export { Guest, type Stat } from './guest.ts';
