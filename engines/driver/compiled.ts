/** Entry of the bundle that runs everything on compiled code: makes it so, and does what `transcript.ts` does. */
import { compileEverywhere } from '../../test/compiler/everywhere.ts';
import type { Transcribe } from '../program.ts';
import { transcribe } from './transcript.ts';

(globalThis as { quernTranscribe?: Transcribe }).quernTranscribe = async (program, code, print) => {
  compileEverywhere(program.compiled!);
  return transcribe(program, code, print);
};
