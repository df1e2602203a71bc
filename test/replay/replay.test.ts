/** Recording and replaying a plug-in that asks everything; what is refused, and which event is named. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { LogEvent } from '../../src/host/replay/log.ts';
import {
  compilePlugin,
  createPlugin,
  isQuernError,
  type QuernError,
  type Receipt,
  replayRecording,
  verifyReceipt,
} from '../../src/node.ts';
import { appendChecks, calls, command, createWorld, makeCalls, parseLog, world } from './world.ts';

const failing = async (promise: Promise<unknown>): Promise<QuernError> => {
  const error: unknown = await promise.then(
    () => assert.fail('succeeded'),
    (reason: unknown) => reason,
  );
  assert.ok(isQuernError(error), String(error));
  return error;
};

let recording = '';
let ends: string[] = [];
let receipts: Receipt[] = [];
const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);

before(async () => {
  const plugin = await createWorld({ record: true });
  plugin.setVariable('given', 'by the owner');
  plugin.deleteVariable('never');
  plugin.setConfig('mode', 'a');
  plugin.setConfig('mode', null);
  ends = await makeCalls(plugin);
  await plugin.reset();
  ({ recording } = plugin);
  receipts = (await replayRecording(world, recording)).map(({ receipt }) => receipt);
  assert.deepEqual(plugin.receipt, receipts.at(-1));
});

describe('a recording', () => {
  test('holds the results of the calls', () => {
    assert.deepEqual(
      ends.map((end) => end.replace(/ [0-9a-f]{16}$/, ' …')),
      [
        ...['numbers …', 'two …', 'act …', 'act …', 'act Plugin-originated error: reported by the host'],
        'act thrown by the host',
        'act host function returned a value of the wrong type: "env" "act": expected i64, got string',
        ...['act …', 'clock …', 'random …', 'stdin …', 'stdin …', 'sleep …', 'files …'],
      ],
    );
    assert.equal(ends.at(-1), `files ${Buffer.from('contents').toString('hex')}`);
  });

  test('gives the same calls again, made by hand, with nothing outside', async () => {
    const plugin = await createPlugin(world, { replay: recording });
    plugin.setVariable('given', 'by the owner');
    plugin.deleteVariable('never');
    plugin.setConfig('mode', 'a');
    plugin.setConfig('mode', null);
    assert.deepEqual(await makeCalls(plugin), ends);
    assert.deepEqual(plugin.receipt, receipts.at(-1));
    assert.equal(plugin.getVariable('z')!.text(), 'by the owner');
    assert.equal(plugin.getConfig('key'), 'value');
    assert.equal(await plugin.reset(), true);
  });

  test('is passed on line by line as it is made', async () => {
    const lines: string[] = [];
    const plugin = await createWorld({ record: (line) => lines.push(line) });
    await plugin.call('clock');
    assert.deepEqual(lines, linesOf(plugin.recording));
    assert.match(lines[0]!, /^\{"event":"recording","ask":\{"version":1,/);
  });

  test('is taken as bytes too, and replays a second time', async () => {
    const bytes = new TextEncoder().encode(recording);
    for (let i = 0; i < 2; i++) assert.equal((await replayRecording(world, bytes)).length, calls.length);
  });

  test('of a deterministic plug-in is the same each time', async () => {
    const deterministic = { seed: 3, epoch: 5 };
    const texts = await Promise.all(
      [1, 2].map(async () => {
        const plugin = await createWorld({ record: true, deterministic });
        await makeCalls(plugin);
        return plugin.recording;
      }),
    );
    assert.equal(texts[0], texts[1]);
    await replayRecording(world, texts[0]!);
  });

  test('covers commands, which get a new instance for each call', async () => {
    const plugin = await createPlugin(command, { record: true, useWasi: true });
    const outputs = [await plugin.call('_start'), await plugin.call('_start')].map((o) => o!.bytes());
    const again = await replayRecording(command, plugin.recording);
    assert.deepEqual(
      again.map(({ result }) => result!.output!.bytes()),
      outputs,
    );
  });

  test('of calls that were stopped replays, where they computed and where they waited', async () => {
    const plugin = await createWorld({ record: true, timeoutMs: 20 });
    await failing(plugin.call('spin'));
    await failing(plugin.call('act', '7777777'));
    await plugin.call('numbers', '', undefined, { timeoutMs: null });
    await failing(plugin.call('spin', '', undefined, { timeoutMs: null, fuel: 10_007 }));
    const codes = (await replayRecording(world, plugin.recording)).map(({ error }) =>
      isQuernError(error) ? error.code : null,
    );
    assert.deepEqual(codes, ['interrupted.timeout', 'interrupted.timeout', null, 'exhaustion.fuel']);
  });

  test('is made for each instance of a compiled plug-in on its own', async () => {
    const compiled = await compilePlugin(command, { record: true, useWasi: true });
    const [one, other] = [await compiled.instantiate(), await compiled.instantiate()];
    await one.call('_start');
    assert.equal(linesOf(other.recording).length, 2);
    await replayRecording(command, one.recording);
  });
});

describe('a replay', () => {
  test('of another call names the event', async () => {
    const plugin = await createPlugin(world, { replay: recording });
    const error = await failing(plugin.call('numbers'));
    assert.equal(error.code, 'replay.diverged');
    assert.equal(error.details.event, 3);
    assert.match(error.details.expected!, /^\{"event":"owner","ask":\["setVariable","given"/);
    assert.match(String(error.details.actual), /^\{"event":"call","ask":\{"function":"numbers"/);
  });

  test('goes no further than the first event that differs', async () => {
    const plugin = await createPlugin(world, { replay: recording });
    const first = await failing(plugin.call('clock'));
    assert.equal(await failing(plugin.call('clock')), first);
  });

  test('ends with the recording', async () => {
    const short = appendChecks(parseLog(recording).events.slice(0, 3));
    const plugin = await createPlugin(world, { replay: short });
    const error = await failing(plugin.call('clock'));
    assert.match(error.message, /event 3: expected the end of the recording, got/);
  });

  test('refuses other modules', async () => {
    const error = await failing(replayRecording(command, recording));
    assert.equal(error.code, 'replay.module');
  });

  test('without record has neither recording nor, before a call, a receipt', async () => {
    const plugin = await createPlugin(world, { replay: recording });
    assert.throws(() => plugin.recording, /nothing is recorded/);
    assert.throws(() => plugin.receipt, /no call was recorded/);
  });

  for (const [name, text] of [
    ['nothing', ''],
    ['other JSON', '{"event":"call"}\n'],
    ['no JSON', 'hello'],
    ['bytes that are no text', new Uint8Array(100).fill(0xff)],
  ] as const) {
    test(`refuses ${name}`, async () => {
      const error = await failing(replayRecording(world, text));
      assert.equal(error.code, 'replay.log');
      assert.equal(error.details.event, 0);
    });
  }

  test('refuses another version of the format', async () => {
    const [header, ...rest] = parseLog(recording).events;
    const ask = { ...(header!.ask as object), version: 99 };
    const error = await failing(replayRecording(world, appendChecks([{ ...header!, ask }, ...rest])));
    assert.match(error.message, /version 99; expected version 1/);
  });
});

describe('a changed recording', () => {
  test('is refused with the line that was changed, left out, doubled, moved or cut off', () => {
    const lines = linesOf(recording);
    const indexOf = (changed: readonly string[]): number => {
      try {
        parseLog(changed.map((line) => `${line}\n`).join(''));
      } catch (error) {
        assert.ok(isQuernError(error, 'replay.log'));
        return error.details.event!;
      }
      return assert.fail('was read');
    };
    for (let i = 1; i < lines.length - 1; i++) {
      const line = lines[i]!;
      const at = line.indexOf('"ask":') + 7;
      const other = line[at] === 'a' ? 'b' : 'a';
      assert.equal(indexOf(lines.with(i, line.slice(0, at) + other + line.slice(at + 1))), i);
      assert.equal(indexOf(lines.toSpliced(i, 1)), i);
      assert.equal(indexOf(lines.toSpliced(i, 0, line)), i + 1);
      assert.equal(indexOf([...lines.slice(0, i), line.slice(0, -5)]), i);
    }
  });

  test('with checks that hold names the event that differs, or the next that shows it', async () => {
    const { events } = parseLog(recording);
    let shownAtOnce = 0;
    for (let i = 1; i < events.length; i++) {
      for (const changed of mutationsOf(events[i]!)) {
        const text = appendChecks(events.with(i, changed));
        const error = await failing(replayRecording(world, text));
        // A directory that could not be opened is no plug-in at all.
        if (error.code === 'usage.argument' && changed.event === 'open') continue;
        assert.ok(
          error.code === 'replay.diverged' || error.code === 'replay.log',
          `event ${i}: ${error.message}`,
        );
        const named = error.details.event!;
        const isQuestion = JSON.stringify(changed.answer) === JSON.stringify(events[i]!.answer);
        if (isQuestion) assert.equal(named, i, error.message);
        else assert.ok(named >= i && named < nextEnd(events, i) + 1, `event ${i} named as ${named}`);
        if (named === i) shownAtOnce++;
      }
    }
    assert.ok(shownAtOnce > 20);
  });

  test('without an event names where they part', async () => {
    const { events } = parseLog(recording);
    for (let i = 2; i < events.length - 1; i++) {
      // Without something that its owner did, it is another run, perhaps a possible one.
      if (events[i]!.event === 'owner') continue;
      const error = await failing(replayRecording(world, appendChecks(events.toSpliced(i, 1))));
      const named = error.details.event!;
      assert.ok(
        named >= i - 1 && named <= nextEnd(events, i),
        `event ${i} named as ${named}: ${error.message}`,
      );
    }
  });
});

/** The end of the call that an event belongs to. */
const nextEnd = (events: readonly LogEvent[], from: number): number => {
  const found = events.findIndex(({ event }, i) => i >= from && event === 'end');
  return found < 0 ? events.length : found;
};

/** An event with something else in its question or its answer. */
const mutationsOf = ({ event, ask, answer }: LogEvent): LogEvent[] => {
  const mutations: LogEvent[] = [];
  // What the owner does and calls is read from the recording itself: it is another run, and not a wrong one.
  if (event !== 'owner' && event !== 'call')
    mutations.push({ event, ask: ask === 'x' ? 'y' : 'x', ...(answer === undefined ? {} : { answer }) });
  if (answer === undefined) return mutations;
  mutations.push({ event, ask, answer: 'damaged' }, { event, ask, answer: { failed: { errno: 'io' } } });
  const { value } = answer as { value?: unknown };
  if (typeof value === 'string' && /^\d+$/.test(value)) {
    mutations.push({ event, ask, answer: { value: String(BigInt(value) + 1n) } });
  }
  return mutations.filter((item) => JSON.stringify(item) !== JSON.stringify({ event, ask, answer }));
};

describe('a receipt', () => {
  test('is verified by running the call again, which gives its output', async () => {
    for (const receipt of receipts) {
      const call = await verifyReceipt(JSON.parse(JSON.stringify(receipt)) as Receipt, world, recording);
      assert.equal(call.functionName, receipt.function);
    }
  });

  test('with another value in a field names the field', async () => {
    const receipt = receipts[8]!;
    const others: Partial<Receipt> = {
      modules: { main: 'f'.repeat(64) },
      function: 'other',
      inputHash: '0'.repeat(64),
      outputHash: null,
      returnCode: 1,
      error: 'no',
      failure: 'trap.unreachable',
      fuel: receipt.fuel + 1,
      schedule: 'flat-1',
      memoryHash: '1'.repeat(64),
      transcriptHash: '2'.repeat(64),
    };
    for (const [name, value] of Object.entries(others)) {
      const error = await failing(verifyReceipt({ ...receipt, [name]: value }, world, recording));
      assert.equal(error.code, 'replay.receipt');
      assert.equal(error.details.name, name);
    }
  });

  test('of another recording does not hold', async () => {
    const plugin = await createWorld({ record: true });
    await plugin.call('clock');
    const error = await failing(verifyReceipt(plugin.receipt, world, recording));
    assert.equal(error.code, 'replay.receipt');
  });
});
