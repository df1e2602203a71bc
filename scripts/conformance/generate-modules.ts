/** The plug-ins of the conformance kit, made from their texts: `src/conformance/cases/modules.generated.ts`. */
import { expandCases } from '../../src/conformance/cases/expand-cases.ts';
import { parseModule } from '../../src/text.ts';
import { decodeModule, validateModule } from '../../src/wasm.ts';

/** Most characters of a piece of text on a line. */
const LINE = 100;

/** A text as pieces, one on each line. */
const quoted = (text: string): string =>
  (text.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? ['']).map((piece) => `    '${piece}'`).join(' +\n');

/** Text of the file. @throws Error naming the case whose text is wrong */
export const generateModules = (): string => {
  const lines = Object.entries(expandCases()).map(([key, text]) => {
    try {
      const bytes = parseModule(text, { names: false });
      validateModule(decodeModule(bytes));
      return `  '${key}':\n${quoted(Buffer.from(bytes).toString('base64'))},`;
    } catch (error) {
      throw new Error(`${key}: ${(error as Error).message}\n${text}`);
    }
  });
  return [
    '// Written by scripts/conformance/generate-modules.ts (npm run gen). Do not edit.',
    '',
    '/** The plug-ins of the cases, in base64. Key = case and module. */',
    'export const assembledModules: Readonly<Record<string, string>> = {',
    ...lines,
    '};',
    '',
  ].join('\n');
};
