/** `--compile`, and what `quern inspect --javascript` prints. The compiler is loaded only when it is needed. */
import type { JavaScriptCompiler } from '../compile.ts';
import { type FeatureKey, type Features, featureTable } from '../syntax/features.ts';
import { compileModule, quern1 } from '../wasm.ts';

/** What `--compile` asks for. */
export const compilerOf = async (flags: {
  readonly compile?: boolean;
}): Promise<JavaScriptCompiler | undefined> => {
  if (!flags.compile) return undefined;
  const { compiler } = await import('../compile.ts');
  return compiler();
};

/** All features that the engine runs. */
export const executed: Features = new Set(
  (Object.keys(featureTable) as FeatureKey[]).filter((key) => featureTable[key].isExecuted),
);

/** The JavaScript of a function in lines; null where the interpreter keeps it. */
export const javaScriptOf = async (bytes: Uint8Array, index: number): Promise<string[] | null> => {
  const [{ generateFunction }, { listingOf }, { makeTarget }] = await Promise.all([
    import('../compiler/generate.ts'),
    import('../compiler/listing.ts'),
    import('../compiler/target.ts'),
  ]);
  const unit = compileModule(bytes, executed).unit(quern1);
  if (unit.funcs[index] === null) return null;
  const func = generateFunction(unit, index, makeTarget(true, { showsOffsets: true }));
  return func === null ? null : listingOf(func.text);
};
