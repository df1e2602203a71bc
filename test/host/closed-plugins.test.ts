/**
 * What a plug-in took comes back when it is closed, also in a job that never ends: memory, code, types. Nothing here
 * lets the event loop turn, so the host's collector reports nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getMachine } from '../../src/interpreter/machine/machine.ts';
import { compilePlugin, createPlugin, isQuernError, type Plugin } from '../../src/node.ts';
import { countGroups } from '../../src/syntax/type-registry.ts';
import { compileModule, type FuncInstance, invoke } from '../../src/wasm.ts';
import { assemble, type Instruction, u32 } from '../assembler.ts';
import { collect } from '../garbage.ts';

let serial = 0;

interface Shape {
  /** Additions in the body of `work`. */
  readonly size?: number;
  /** Bytes of a custom section. */
  readonly ballast?: number;
  readonly start?: number;
}

/** A module that no other is like, in code and types. `work` returns 0, `fail` traps, `spin` never ends. */
const fresh = ({ size = 100, ballast = 0, start }: Shape = {}): Uint8Array => {
  serial++;
  const own = { params: Array.from({ length: 20 }, (_, bit) => ((serial >> bit) & 1 ? 'i32' : 'i64')) };
  const add: Instruction[] = [['local.get', 0], ['i32.const', serial], 'i32.add', ['local.set', 0]];
  const module = assemble({
    types: [{ results: ['i32'] }, own, {}],
    memories: [{ min: 16 }],
    funcs: [
      {
        type: 0,
        locals: [[1, 'i32']],
        code: [...Array.from({ length: size }, () => add).flat(), ['i32.const', 0]],
      },
      { type: 0, code: ['unreachable'] },
      { type: 2, code: [['loop', null], ['br', 0], 'end'] },
    ],
    exports: [
      ['work', 'func', 0],
      ['fail', 'func', 1],
      ['spin', 'func', 2],
    ],
    ...(start === undefined ? {} : { start }),
  });
  const section = [0, ...u32(ballast + 1), 0];
  const bytes = new Uint8Array(module.length + section.length + ballast);
  bytes.set(module);
  bytes.set(section, module.length);
  return bytes;
};

const usedWords = (): number => getMachine().space.usage.used;
const standing = (): { words: number; groups: number } => ({ words: usedWords(), groups: countGroups() });

/** Runs work before and after which code and types must be the same. */
const leavesNothing = async (work: () => Promise<void>): Promise<void> => {
  // The types of the kernel's functions stay.
  await (await createPlugin(fresh())).close();
  const before = standing();
  await work();
  assert.deepEqual(standing(), before);
};

test('a plug-in that is closed releases its code and its types', async () => {
  await leavesNothing(async () => {
    for (let i = 0; i < 20; i++) {
      const plugin = await createPlugin(fresh());
      await plugin.call('work');
      assert.ok(usedWords() > 0);
      await plugin.close();
    }
  });
});

test('so does one whose call failed, ran out of fuel, or was stopped', async () => {
  await leavesNothing(async () => {
    const plugin = await createPlugin(fresh());
    await assert.rejects(plugin.call('fail'), { code: 'trap.unreachable' });
    await assert.rejects(plugin.call('spin', '', null, { fuel: 1000 }), { code: 'exhaustion.fuel' });
    await assert.rejects(plugin.call('spin', '', null, { timeoutMs: 20 }), { code: 'interrupted.timeout' });
    await (await plugin.startCall('spin', '', { fuel: 1000 })).run();
    await plugin.close();
    await assert.rejects(createPlugin(fresh({ start: 2 }), { fuel: 1000 }), { code: 'exhaustion.fuel' });
  });
});

test('memory of closed plug-ins is there for others before the event loop turns', async () => {
  const buffers = (): number => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const cycle = async (): Promise<void> => {
    const plugin = await createPlugin(fresh({ ballast: 1e6 }));
    await plugin.call('work');
    await plugin.close();
  };
  await cycle();
  const before = buffers();
  for (let i = 0; i < 50; i++) await cycle();
  // Node frees buffers on another thread, which takes its time on a busy machine; the event loop still does not turn.
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const end = Date.now() + 10_000;
  let growth = buffers() - before;
  while (growth >= 10e6 && Date.now() < end) {
    Atomics.wait(pause, 0, 0, 20);
    growth = buffers() - before;
  }
  assert.ok(growth < 10e6, `${growth} bytes`);
});

test('code of a compiled plug-in stays for the next one, until it is closed', async () => {
  await leavesNothing(async () => {
    const compiled = await compilePlugin(fresh());
    const [one, two] = [await compiled.instantiate(), await compiled.instantiate()];
    await one.call('work');
    const words = usedWords();
    await one.close();
    assert.equal(usedWords(), words);
    compiled.close();
    assert.equal(usedWords(), words);
    await two.call('work');
    assert.equal(usedWords(), words);
    await assert.rejects(compiled.instantiate(), { code: 'usage.state' });
    await two.close();
    compiled.close();
  });
});

test('code that rests has a limit, and is made again where it was released', async () => {
  const before = usedWords();
  const all = [];
  const bytes = fresh({ size: 12_000 });
  for (let i = 0; i < 24; i++) {
    const compiled = await compilePlugin(bytes);
    const plugin = await compiled.instantiate();
    await plugin.call('work');
    await plugin.close();
    all.push(compiled);
  }
  const resting = usedWords() - before;
  assert.ok(resting < 1.1 * (1 << 20), `${resting} words`);
  for (const compiled of all) {
    const plugin = await compiled.instantiate();
    assert.equal(await plugin.call('work'), null);
    await plugin.close();
    compiled.close();
  }
  assert.equal(usedWords(), before);
});

test('an instance that the embedder has continues after close', async () => {
  const keep = async (): Promise<{ plugin: Plugin; work: FuncInstance }> => {
    const plugin = await createPlugin(fresh());
    return { plugin, work: (await plugin.getInstance()).exports.get('work') as FuncInstance };
  };
  const { plugin, work } = await keep();
  await plugin.close();
  await leavesNothing(async () => {
    const other = await createPlugin(fresh());
    await other.call('work');
    await other.close();
  });
  assert.deepEqual(invoke(work, []), [0n]);
  assert.equal(work.type, compileModule(fresh()).module.types[0]);
});

test('the backtrace of an error is right after close, and after others took the place of the code', async () => {
  const failure = async (isClosed: boolean): Promise<unknown> => {
    serial = 1000;
    const plugin = await createPlugin(fresh());
    const error = await plugin.call('fail').catch((caught: unknown) => caught);
    if (isClosed) {
      await plugin.close();
      await (await createPlugin(fresh({ size: 500 }))).call('work');
    }
    assert.ok(isQuernError(error, 'trap.unreachable'));
    const { backtrace } = error.details;
    await plugin.close();
    return backtrace;
  };
  assert.deepEqual(await failure(true), await failure(false));
});
