/** One job run by several workers, whose receipts are compared: who differs is named. */
import type { FlowJob, Processor } from 'bullmq';
import { createJob, type JobDefinition, type JobReceipt, moduleHash, writeJob } from 'quern/job';
import type { QuernData, QuernResult } from './processor.ts';

/** What one worker says of a job. */
export interface Claim {
  /** Whose it is: the name of its queue. */
  readonly name: string;
  /** Null where there is none. */
  readonly result: QuernResult | null;
}

/** What several workers agree in. */
export interface Agreement {
  /** What more than half of them say; null where there is no such thing. */
  readonly result: QuernResult | null;
  readonly agreed: readonly string[];
  /** Those that say something else, and in which fields. */
  readonly differing: readonly { readonly name: string; readonly fields: readonly string[] }[];
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, Object.keys(Object(value)).sort()) ?? 'nothing';
const fieldsOf = (receipt: JobReceipt): [string, string][] =>
  Object.entries(receipt).map(([key, value]) => [key, textOf(value)]);

/** Everything that a claim says, in one text. */
const keyOf = ({ status, output, receipt }: QuernResult): string =>
  JSON.stringify([status, output, fieldsOf(receipt).sort()]);

/** Whether the output is the one that the receipt is of. */
const isSound = ({ output, receipt }: QuernResult): boolean =>
  (output === null ? null : moduleHash(Buffer.from(output, 'base64'))) === receipt.outputHash;

const differences = (given: QuernResult, right: QuernResult): string[] => {
  const fields = isSound(given) ? [] : ['output'];
  const expected = new Map(fieldsOf(right.receipt));
  const actual = new Map(fieldsOf(given.receipt));
  for (const key of new Set([...expected.keys(), ...actual.keys()]))
    if (expected.get(key) !== actual.get(key)) fields.push(key);
  return fields;
};

/** Compares what workers say of one job. */
export const compareClaims = (claims: readonly Claim[]): Agreement => {
  const groups = new Map<string, Claim[]>();
  for (const claim of claims) {
    if (claim.result === null || !isSound(claim.result)) continue;
    const key = keyOf(claim.result);
    groups.set(key, [...(groups.get(key) ?? []), claim]);
  }
  const most = [...groups.values()].find((group) => 2 * group.length > claims.length) ?? [];
  const result = most[0]?.result ?? null;
  const differing = claims
    .filter((claim) => !most.includes(claim))
    .map(({ name, result: given }) => ({
      name,
      fields: given === null ? ['missing'] : result === null ? ['no majority'] : differences(given, result),
    }));
  return { result, agreed: most.map(({ name }) => name), differing };
};

/**
 * The flow of a job that one worker of each queue runs, for `new FlowProducer(…).add`. The worker of `parentQueue` has
 * `agree` as its processor, and its result is the agreement.
 */
export const agreementFlow = (
  definition: JobDefinition,
  queues: readonly string[],
  parentQueue: string,
): FlowJob => {
  const data: QuernData = { job: writeJob(createJob(definition)), reports: true };
  return {
    name: 'agree',
    queueName: parentQueue,
    data: { queues },
    opts: { jobId: definition.id },
    children: queues.map((queueName, i) => ({
      name: 'quern',
      queueName,
      data,
      opts: { jobId: `${definition.id}-${i}`, attempts: 10, ignoreDependencyOnFailure: true },
    })),
  };
};

/** The processor of `parentQueue` of `agreementFlow`. */
export const agree: Processor<{ readonly queues: readonly string[] }, Agreement> = async (bull) => {
  const values = Object.entries(await bull.getChildrenValues<QuernResult>());
  const claims = bull.data.queues.map((name) => ({
    name,
    result: values.find(([key]) => key.includes(`:${name}:`))?.[1] ?? null,
  }));
  return compareClaims(claims);
};
