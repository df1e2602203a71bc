/** Plug-ins for tests of jobs, and a host that keeps a ledger of what it was asked. */
import type { CurrentPlugin, HostFunctions } from '../../src/index.ts';
import {
  advance,
  createJob,
  type Job,
  type JobContext,
  type JobDefinition,
  type JobResult,
  moduleHash,
  resultOf,
} from '../../src/job.ts';
import { compileWat, kernelImports, outputI64 } from '../wat.ts';

const questionsText = (rotation: number): string => `(module ${kernelImports}
    (import "extism:host/user" "ask" (func $ask (param i64) (result i64)))
    (memory (export "memory") 2)
    (global $sum (mut i64) (i64.const 0))
    ${outputI64}
    (func $compute (param $turns i32)
      (loop
        (i32.store8 (i32.add (i32.mul (local.get $turns) (i32.const 31)) (i32.const 5)) (local.get $turns))
        (global.set $sum (i64.add (i64.rotl (global.get $sum) (i64.const ${rotation})) (i64.extend_i32_u (local.get $turns))))
        (br_if 0 (local.tee $turns (i32.sub (local.get $turns) (i32.const 1))))))
    (func (export "_initialize") (call $compute (i32.const 50)))
    (func (export "questions") (result i32) (local $n i64)
      (loop
        (call $compute (i32.const 100))
        (global.set $sum (i64.xor (global.get $sum) (call $ask (local.get $n))))
        (local.set $n (i64.add (local.get $n) (i64.const 1)))
        (br_if 0 (i64.lt_u (local.get $n) (call $input_length))))
      (call $output_i64 (global.get $sum))
      (i32.const 0))
    (func (export "spin") (loop (call $compute (i32.const 100)) (br 0)))
    (func (export "fill") (memory.fill (i32.const 0) (i32.const 7) (i32.const 100000)) (call $compute (i32.const 10)))
    (func (export "trap") (call $compute (i32.const 1000)) unreachable)
    (func (export "fail") (result i32) (call $compute (i32.const 1000)) (call $output_i64 (i64.const 3)) (i32.const 4))
    (func (export "complain") (call $compute (i32.const 500)) (call $error_set (call $input_offset))))`;
const { questions, changedQuestions } = compileWat({
  questions: questionsText(5),
  changedQuestions: questionsText(6),
});

/** `changedQuestions` computes something else, at the same price. */
export { changedQuestions, questions };

/** Hosts find modules here. */
export const modules: readonly Uint8Array[] = [questions];

/** A job that asks so many questions. */
export const questionJob = (id: string, count: number, more: Partial<JobDefinition> = {}): Job =>
  createJob({
    id,
    modules: { main: moduleHash(questions) },
    function: 'questions',
    input: 'x'.repeat(count),
    ...more,
  });

/** What the outside answers, which depends on the question alone. */
export const answerTo = (n: bigint): bigint => BigInt.asIntN(64, (n + 11n) * 0x9e37_79b9_7f4a_7c15n);

/** Where worker processes note what they were asked. */
export const ledgerKey = (jobId: string, n: bigint): string => `ledger:${jobId}:${n}`;

/** Where they count it. */
export const askedKey = 'asked';

/** Keys by question, one for each time that it was asked. */
export class Ledger {
  readonly asked = new Map<bigint, string[]>();
  /** Before each answer. */
  onAsk: (n: bigint, plugin: CurrentPlugin) => Promise<never> | undefined = () => undefined;

  readonly #ask = (plugin: CurrentPlugin, n: bigint): bigint | Promise<bigint> => {
    const { key } = plugin.hostContext<JobContext>();
    this.asked.set(n, [...(this.asked.get(n) ?? []), key]);
    plugin.setVariable(`answer ${n}`, String(answerTo(n)));
    plugin.charge(3);
    const stop = this.onAsk(n, plugin);
    if (stop !== undefined) return stop;
    return n % 2n === 0n ? answerTo(n) : Promise.resolve(answerTo(n));
  };
  get functions(): HostFunctions {
    return { 'extism:host/user': { ask: this.#ask } };
  }
}

/** What a worker says that has run a job on another module. */
export const changedResult = async (definition: JobDefinition): Promise<JobResult> => {
  const job = createJob({ ...definition, modules: { main: moduleHash(changedQuestions) } });
  return resultOf(await advance(job, { modules: [changedQuestions], functions: new Ledger().functions }))!;
};

/** Numbers from 0 to 1, always the same. */
export const seeded = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
};
