/** Entry point for the text format: modules from text, and text from modules. */
export type { InstructionPlace } from './text/instruction-places.ts';
export type { ModuleOptions } from './text/module-reader.ts';
export { parseModule } from './text/parse-module.ts';
export { type PrintOptions, printModule } from './text/print-module.ts';
