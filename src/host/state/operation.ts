/** What a host function does to the plug-in that called it, as data that a recording can hold. */

/** What can be in a recording. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One change by the name of the method that makes it; bytes are in base64. */
export type Operation = readonly [name: string, ...args: Json[]];
