/** Loaded before a program (`preloadFlags`), compiles everything that it runs, as the query of the URL says. */
import { compileEverywhere } from './everywhere.ts';
import { forcedOf } from './forced-flags.ts';

const { searchParams } = new URL(import.meta.url);
compileEverywhere(forcedOf({ compiled: true, ...Object.fromEntries(searchParams) })!);
