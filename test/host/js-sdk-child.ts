/**
 * Child process of js-sdk-defects.test.ts: what the official SDK, on native Wasm, does where Quern does better. The
 * package is the argument, modules arrive on standard input, outcomes leave on standard output, one text each.
 */
import { createHash } from 'node:crypto';

/** What the parent hands in. */
export interface ChildInput {
  /** Modules in base64. */
  readonly plugin: string;
  readonly sender: string;
  /** Where the first module lies as a file. */
  readonly path: string;
  /** Of a server that redirects to another host. */
  readonly url: string;
}

interface Output {
  text(): string;
  getBigInt64(offset: number, isLittle: boolean): bigint;
}
interface Plugin {
  call(name: string, input?: string | Uint8Array): Promise<Output | null>;
  close(): Promise<void>;
}
type CreatePlugin = (manifest: unknown, options?: object) => Promise<Plugin>;

const createPlugin = ((await import(process.argv[2])) as { default: CreatePlugin }).default;
const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const { plugin: module, sender, path, url } = JSON.parse(Buffer.concat(chunks).toString()) as ChildInput;
const bytes = new Uint8Array(Buffer.from(module, 'base64'));

const create = (options: object = {}, manifest: object = {}): Promise<Plugin> =>
  createPlugin({ wasm: [{ data: bytes }], ...manifest }, { useWasi: true, ...options });

const shown = (value: unknown): string =>
  value instanceof Error ? `${value.name}: ${value.message}` : String(value);
/** A call as text: what it resolved or rejected with. */
const outcome = async (run: () => Promise<Output | null>): Promise<string> => {
  try {
    const output = await run();
    return output === null ? 'null' : `output ${output.text()}`;
  } catch (error) {
    return shown(error);
  }
};
const call = (name: string, input: string | Uint8Array = 'x', options?: object): Promise<string> =>
  outcome(async () => (await create(options)).call(name, input));
const number = (name: string, input = 'x', options?: object): Promise<string> =>
  outcome(async () => {
    const output = await (await create(options)).call(name, input);
    return { ...output!, text: () => String(output!.getBigInt64(0, true)) };
  });

/** A call that spins, in a worker, so that it can be abandoned here. */
const spin = (options: object, manifest: object): Promise<string> =>
  outcome(async () => {
    const plugin = await create({ runInWorker: true, ...options }, manifest);
    const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), 1000));
    const first = await Promise.race([plugin.call('spin'), late]);
    return first === 'late' ? ({ text: () => 'still spinning' } as Output) : first;
  });

/** Key = the defect, as the test names it. */
const observations: Readonly<Record<string, () => Promise<string>>> = {
  redirect: () =>
    outcome(async () => {
      const options = { allowedHosts: ['localhost'], runInWorker: true };
      const plugin = await createPlugin(
        { wasm: [{ data: new Uint8Array(Buffer.from(sender, 'base64')) }] },
        options,
      );
      try {
        return await plugin.call('get', JSON.stringify({ url }));
      } finally {
        await plugin.close();
      }
    }),
  config: () => number('config', 'constructor', { config: { own: 'x' } }),
  hash: () => {
    const padded = new Uint8Array(bytes.length + 100);
    padded.set(bytes, 50);
    const data = padded.subarray(50, 50 + bytes.length);
    const hash = createHash('sha256').update(bytes).digest('hex');
    return outcome(async () =>
      (await createPlugin({ wasm: [{ data, hash }] }, { useWasi: true })).call('echo', 'x'),
    );
  },
  maxPages: () => number('grow', 'x', { memory: { maxPages: 2 } }),
  snakeCase: () =>
    outcome(async () => {
      const plugin = await create({}, { memory: { max_var_bytes: 3 } });
      return plugin.call('remember', 'long');
    }),
  jsonLimits: () =>
    outcome(async () => {
      const manifest = { wasm: [{ path }], memory: { maxVarBytes: 3 } };
      return (await createPlugin(JSON.stringify(manifest), { useWasi: true })).call('remember', 'long');
    }),
  timeoutInSnakeCase: () => spin({}, { timeout_ms: 20 }),
  timeout: () => spin({ timeoutMs: 20 }, {}),
  timeoutWithoutWorker: () => call('echo', 'x', { timeoutMs: 20 }),
  range: () => call('part', '0123456789'),
  returnCode: () => call('code'),
  recursion: () => call('deep'),
  alloc: () => number('alloc_negative'),
  store: () => call('store_past'),
  exit: () => call('exit_cleanly'),
  clearError: () => call('clear_error'),
  input: () =>
    outcome(async () => {
      const input = new Uint8Array([1, 2, 3]);
      await (await create()).call('overwrite_input', input);
      return { text: () => input.join() } as Output;
    }),
  concurrent: () =>
    outcome(async () => {
      const plugin = await create();
      const both = await Promise.allSettled([plugin.call('echo', 'first'), plugin.call('echo', 'second')]);
      const texts = both.map((one) => (one.status === 'fulfilled' ? one.value!.text() : shown(one.reason)));
      return { text: () => texts.join() } as Output;
    }),
  closed: () =>
    outcome(async () => {
      const plugin = await create();
      await plugin.close();
      return plugin.call('echo', 'x');
    }),
};

const outcomes: Record<string, string> = {};
for (const [name, observe] of Object.entries(observations)) outcomes[name] = await observe();
process.stdout.write(JSON.stringify(outcomes), () => process.exit(0));
