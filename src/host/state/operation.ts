/** What a host function does to the plug-in that called it, as data. */
import type { Json } from '../replay/log.ts';

/** One change by the name of the method that makes it; bytes are in base64. */
export type Operation = readonly [name: string, ...args: Json[]];
