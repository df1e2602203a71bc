/** Entry of the bundle that runs everything on compiled code: makes it so, and does what `transcript.ts` does. */
import './transcript.ts';
import { compileEverywhere } from '../../test/compiler/everywhere.ts';
import type { Transcribe } from '../program.ts';

const world = globalThis as unknown as { quernTranscribe: Transcribe };
const { quernTranscribe } = world;
world.quernTranscribe = async (program, code, print) => {
  compileEverywhere(program.compiled!);
  return quernTranscribe(program, code, print);
};
