/** Recordings that lie, with checks that hold: each replay ends, soon, with an error of the catalogue. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { LogEvent } from '../../src/host/replay/log.ts';
import type { Json } from '../../src/host/state/operation.ts';
import {
  createPlugin,
  type HostFunction,
  isQuernError,
  type PluginOptions,
  type ReplayOptions,
  replayRecording,
  verifyReceipt,
} from '../../src/node.ts';
import { assemble } from '../assembler.ts';
import { Random } from '../generators/random.ts';
import { appendChecks, createWorld, makeCalls, parseLog, world } from './world.ts';

type Fields = { readonly [key: string]: Json };

/** Changes the question of each event of a kind; null leaves the event out. */
const forge = (recording: string, kind: string, change: (ask: Fields) => Json): string =>
  appendChecks(
    parseLog(recording).events.flatMap((event): LogEvent[] => {
      if (event.event !== kind) return [event];
      const ask = change(event.ask as Fields);
      return ask === null ? [] : [{ ...event, ask }];
    }),
  );

const spin: Parameters<typeof assemble>[0] = {
  funcs: [{ code: [['loop', null], ['br', 0], 'end'] }],
};
const spins = assemble({ ...spin, exports: [['f', 'func', 0]] });
const spinsAtStart = assemble({ ...spin, start: 0 });

const record = async (fuel: number): Promise<string> => {
  const plugin = await createPlugin(spins, { record: true });
  await assert.rejects(plugin.call('f', '', undefined, { fuel }), { code: 'exhaustion.fuel' });
  return plugin.recording;
};

const codeOf = async (
  bytes: Parameters<typeof replayRecording>[0],
  recording: string,
  options: ReplayOptions = {},
): Promise<string> => {
  const begin = performance.now();
  const code = await replayRecording(bytes, recording, options).then(
    () => 'replayed',
    (error: unknown) => {
      assert.ok(isQuernError(error), String((error as Error)?.stack ?? error));
      return error.code;
    },
  );
  assert.ok(performance.now() - begin < 20_000);
  return code;
};

describe('a recording of a call that spins', () => {
  const huge = Number.MAX_SAFE_INTEGER;

  test('with another end is refused as soon as the call uses more than the end says', async () => {
    const recording = await record(1000);
    assert.equal(await codeOf(spins, recording), 'replayed');
    const ends: readonly ((ask: Fields) => Json)[] = [
      (ask) => ({ ...ask, limit: null }),
      (ask) => ({ ...ask, limit: huge }),
      (ask) => ({ ...ask, limit: 'none' }),
      (ask) => ({ ...ask, limit: -1 }),
      (ask) => ({ ...ask, fuel: 999 }),
      (ask) => ({ ...ask, fuel: 100, limit: 100, failure: null }),
      (ask) => ({ ...ask, failure: null, limit: null }),
      (ask) => ({ ...ask, failure: 'trap.unreachable', limit: null }),
      (ask) => ({ ...ask, fuel: null }),
      (ask) => ({ ...ask, fuel: 0.5, limit: 1e300 }),
      () => 'nothing',
      () => null,
    ];
    for (const change of ends)
      assert.equal(await codeOf(spins, forge(recording, 'end', change)), 'replay.diverged', String(change));
  });

  test('that was stopped by a deadline ends where that says', async () => {
    const recording = await record(1000);
    const stopped = forge(recording, 'end', (ask) => ({
      ...ask,
      failure: 'interrupted.timeout',
      limit: null,
    }));
    assert.equal(await codeOf(spins, stopped), 'replayed');
  });

  test('and claims fuel without end is stopped by the limits of the replay', async () => {
    const recording = forge(await record(1000), 'end', (ask) => ({ ...ask, fuel: huge, limit: huge }));
    assert.equal(await codeOf(spins, recording, { fuel: 10_000 }), 'exhaustion.fuel');
    assert.equal(await codeOf(spins, recording, { timeoutMs: 50 }), 'interrupted.timeout');
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    assert.equal(await codeOf(spins, recording, { signal: controller.signal }), 'interrupted.cancelled');
    assert.equal(await codeOf(spins, recording, { signal: AbortSignal.abort() }), 'interrupted.cancelled');
  });

  test('is not begun once the time has ended', async () => {
    const recording = await record(1000);
    const timeoutMs = 200;
    const late = new Promise<Uint8Array>((resolve) => {
      setTimeout(() => resolve(spins), timeoutMs + 10);
    });
    assert.equal(await codeOf(late, recording, { timeoutMs }), 'interrupted.timeout');
  });

  test('in its initialisation is bounded as well', async () => {
    const lines: string[] = [];
    const options: PluginOptions = { record: (line) => lines.push(line), fuel: 1000 };
    await assert.rejects(createPlugin(spinsAtStart, options), { code: 'exhaustion.fuel' });
    const { events } = parseLog(lines.map((line) => `${line}\n`).join(''));
    assert.equal(await codeOf(spinsAtStart, appendChecks(events)), 'replay.diverged');
    const ready = (fuel: Json): string =>
      appendChecks([...events, { event: 'ready', ask: { fuel, memory: '' } }]);
    assert.equal(await codeOf(spinsAtStart, ready(500)), 'replay.diverged');
    assert.equal(await codeOf(spinsAtStart, ready(huge), { fuel: 500 }), 'exhaustion.fuel');
    assert.equal(await codeOf(spinsAtStart, ready(huge), { timeoutMs: 50 }), 'interrupted.instantiation');
  });
});

describe('what a recording asks for', () => {
  const asks = assemble({
    imports: [['env', 'ask', [0, 0]]],
    funcs: [{ code: [['call', 0]] }],
    exports: [['f', 'func', 1]],
  });
  const recorded = async (ask: (context: Parameters<HostFunction>[0]) => void): Promise<string> => {
    const plugin = await createPlugin(asks, { record: true, functions: { env: { ask } } });
    await plugin.call('f');
    return plugin.recording;
  };
  const withAnswer = (recording: string, answer: Json): string =>
    appendChecks(
      parseLog(recording).events.map((event) => (event.event === 'host' ? { ...event, answer } : event)),
    );

  test('is charged as it was, charges of host functions included', async () => {
    const recording = await recorded((plugin) => {
      plugin.charge(1234);
      plugin.read(plugin.store('text'));
    });
    assert.match(recording, /\["charge",1234\]/);
    const [call] = await replayRecording(asks, recording);
    assert.ok(call!.receipt.fuel > 1234);
  });

  test('in work of host functions is no more than the fuel that the call used', async () => {
    const recording = await recorded(() => {});
    const did: Json[] = [
      ['alloc', 100_000_000],
      ...Array.from({ length: 100_000 }, (): Json => ['read', 77]),
    ];
    assert.equal(await codeOf(asks, withAnswer(recording, { did })), 'replay.diverged');
    const charge: Json = { did: [['charge', Number.MAX_SAFE_INTEGER]] };
    assert.equal(await codeOf(asks, withAnswer(recording, charge)), 'replay.diverged');
  });

  test('in memory is no more than the replay allows', async () => {
    const recording = await recorded(() => {});
    assert.equal(await codeOf(asks, recording, { memory: { maxPages: 10 } }), 'usage.argument');
    const limited = forge(recording, 'recording', (ask) => ({ ...ask, memory: { maxPages: 10 } }));
    assert.equal(await codeOf(asks, limited, { memory: { maxPages: 10 } }), 'replayed');
    assert.equal(await codeOf(asks, limited, { memory: { maxPages: 9 } }), 'usage.argument');
  });

  test('nested deeply, or in numbers of many digits, is refused', async () => {
    const recording = await recorded(() => {});
    let deep: Json = 0;
    for (let i = 0; i < 50; i++) deep = [deep];
    for (const answer of [deep, { did: [], value: `${'9'.repeat(1_000_000)}n` }, { did: [], value: 'xn' }])
      assert.equal(await codeOf(asks, withAnswer(recording, answer)), 'replay.log');
    const text = `{"event":"recording","ask":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    assert.equal(await codeOf(asks, text), 'replay.log');
  });
});

describe('a recording with values changed at random', () => {
  let recording = '';
  before(async () => {
    const plugin = await createWorld({ record: true });
    await makeCalls(plugin);
    ({ recording } = plugin);
  });

  const values: readonly Json[] = [
    null,
    true,
    -1,
    0.5,
    1e300,
    2 ** 53,
    '',
    'x',
    '5n',
    'xn',
    [],
    {},
    [[]],
    [null],
  ];
  const change = (random: Random, json: Json): Json => {
    if (random.chance(15)) return random.pick(values);
    if (typeof json === 'number') return json + random.pick([1, -1, 2 ** 31, 0.5]);
    if (typeof json === 'string') return json.slice(random.below(json.length + 1));
    if (Array.isArray(json) && json.length > 0) {
      const at = random.below(json.length);
      if (random.chance(10)) return json.filter((_, i) => i !== at);
      return json.map((item, i) => (i === at ? change(random, item) : item));
    }
    const keys = Object.keys(json ?? {});
    if (keys.length === 0) return random.pick(values);
    const at = random.pick(keys);
    return { ...(json as Fields), [at]: change(random, (json as Fields)[at] ?? null) };
  };

  test('ends with an error of the catalogue', async () => {
    const seed = Number(process.env['FC_SEED'] ?? 5);
    const random = new Random(seed);
    const { events } = parseLog(recording);
    for (let i = 0; i < 80; i++) {
      const at = random.chance(25) ? 0 : random.below(events.length);
      const event = events[at]!;
      const field = event.answer !== undefined && random.chance(60) ? 'answer' : 'ask';
      const forged = events.slice();
      forged[at] = { ...event, [field]: change(random, event[field] ?? null) };
      const text = appendChecks(forged);
      const code = await codeOf(world, text, { timeoutMs: 5000 });
      const where = `FC_SEED=${seed}, ${i}: ${JSON.stringify(forged[at]).slice(0, 300)}`;
      assert.doesNotMatch(code, /^(internal|interrupted|trap)/, where);
    }
  });
});

test('a receipt is an object', async () => {
  for (const receipt of [null, undefined, 1, 'text', Symbol('receipt')])
    await assert.rejects(verifyReceipt(receipt as never, spins, ''), { code: 'usage.argument' });
});
