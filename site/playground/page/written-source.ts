/** Programs as JSON: text stays text, modules become Base64. */
import type { Source } from '../protocol.ts';
import { base64Of, bytesOfBase64 } from './codec.ts';

export interface WrittenSource {
  readonly name: string;
  readonly text?: string;
  readonly wasm?: string;
}

export const writeSource = (source: Source): WrittenSource => ({
  name: source.name,
  ...(source.kind === 'text' ? { text: source.text } : { wasm: base64Of(source.bytes) }),
});

/** @throws Error for a module that is not Base64 */
export const readSource = ({ name, text, wasm = '' }: WrittenSource): Source =>
  text !== undefined ? { kind: 'text', name, text } : { kind: 'wasm', name, bytes: bytesOfBase64(wasm) };
