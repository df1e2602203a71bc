/** The effects of a host function on its calling plug-in, as data for recordings. */

/** Data that can be in a recording. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One change by the name of the method that makes it; bytes are in base64. */
export type Operation = readonly [name: string, ...args: Json[]];
