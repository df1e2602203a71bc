/** What several workers say of one job, compared: who differs is named. */
import { isObject, isRecord } from '../errors/checks.ts';
import { decodeBase64 } from '../host/manifest/base64.ts';
import { sha256Hex } from '../syntax/sha256.ts';
import { canonical } from './canonical.ts';
import type { JobResult } from './result.ts';

/**
 * What one worker says of a job.
 *
 * Example: see `compareClaims`.
 */
export interface Claim {
  /** Whose it is. */
  readonly name: string;
  /** Null if there is none. It is untrusted: it may contain anything. */
  readonly result: JobResult | null;
}

/**
 * What several workers agree in.
 *
 * Example: see `compareClaims`.
 */
export interface Agreement {
  /** What more than half of them say; null where there is no such thing. */
  readonly result: JobResult | null;
  readonly agreed: readonly string[];
  /**
   * Those that say something else, and in which fields: `status`, `output` where it is not the one of the receipt, and
   * fields of the receipt; or `missing`, `malformed`, and `no majority` if it cannot be decided which one is right.
   */
  readonly differing: readonly { readonly name: string; readonly fields: readonly string[] }[];
}

const isPlain = (value: unknown): boolean => !isObject(value);
/** SAFETY: what is nested without end would end the comparison. */
const isReceipt = (value: unknown): boolean =>
  isRecord(value) &&
  Object.values(value).every(
    (field) => isPlain(field) || (isRecord(field) && Object.values(field).every(isPlain)),
  );
const isResult = ({ result }: Claim): boolean =>
  isRecord(result) &&
  isPlain(result['status']) &&
  (result['output'] === null || typeof result['output'] === 'string') &&
  isReceipt(result['receipt']);

/** Whether the output is the one that the receipt is of. */
const isSound = ({ output, receipt }: JobResult): boolean => {
  const bytes = output === null ? null : decodeBase64(output);
  return output === null
    ? receipt.outputHash === null
    : bytes !== null && sha256Hex(bytes) === receipt.outputHash;
};

/** Everything that a claim says, in one text. */
const keyOf = ({ status, receipt }: JobResult): string => canonical([status, receipt]);

const differences = (given: JobResult, right: JobResult): string[] => {
  const expected = right.receipt as never as Readonly<Record<string, unknown>>;
  const actual = given.receipt as never as Readonly<Record<string, unknown>>;
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [
    ...(given.status === right.status ? [] : ['status']),
    ...(isSound(given) ? [] : ['output']),
    ...[...keys].filter((key) => canonical(expected[key]) !== canonical(actual[key])),
  ];
};

/**
 * Compares what workers say of one job.
 *
 * ```ts
 * import { readFileSync } from 'node:fs';
 * const greet = readFileSync('build/examples/greet.wasm');
 * const job = createJob({ id: 'c', modules: { main: moduleHash(greet) }, function: 'greet', input: 'Ada' });
 * const result = resultOf(await advance(job, { modules: [greet] }))!;
 * const forged: JobResult = { ...result, output: 'Zm9yZ2Vk' };
 * const claims: Claim[] = [
 *   { name: 'a', result },
 *   { name: 'b', result },
 *   { name: 'c', result: forged },
 * ];
 * const { agreed, differing }: Agreement = compareClaims(claims);
 * console.log(agreed.join(), differing[0]?.name, differing[0]?.fields.join()); // → a,b c output
 * ```
 */
export const compareClaims = (claims: readonly Claim[]): Agreement => {
  const groups = new Map<string, Claim[]>();
  for (const claim of claims) {
    if (!isResult(claim) || !isSound(claim.result!)) continue;
    const key = keyOf(claim.result!);
    groups.set(key, [...(groups.get(key) ?? []), claim]);
  }
  const most = [...groups.values()].find((group) => 2 * group.length > claims.length) ?? [];
  const result = most[0]?.result ?? null;
  const fieldsOf = (claim: Claim): string[] => {
    if (claim.result === null || claim.result === undefined) return ['missing'];
    if (!isResult(claim)) return ['malformed'];
    return result === null ? ['no majority'] : differences(claim.result, result);
  };
  const differing = claims
    .filter((claim) => !most.includes(claim))
    .map((claim) => ({ name: claim.name, fields: fieldsOf(claim) }));
  return { result, agreed: most.map(({ name }) => name), differing };
};
