/** Changes between snapshots: applied, they give the next one byte for byte, and they are small. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { isQuernError } from '../../src/errors.ts';
import { applyChanges, changesBetween } from '../../src/interpreter/snapshot/changes.ts';
import { advance, createJob, type Job, moduleHash, verifyJob } from '../../src/job.ts';
import { needsShared, shared } from '../shared.ts';
import { Ledger, modules, questionJob, seeded } from './worlds.ts';

describe('changes of bytes', () => {
  const random = seeded(7);
  const below = (limit: number): number => Math.floor(random() * limit);
  const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => below(4) * below(80));

  /** Other bytes, made of the old ones by a few edits. */
  const edit = (bytes: Uint8Array): Uint8Array => {
    let list = [...bytes];
    for (let edits = below(6); edits >= 0; edits--) {
      const at = below(list.length + 1);
      const piece = list.slice(at, at + below(300));
      const kind = below(5);
      if (kind === 0) list.splice(at, 0, ...noise(below(400)));
      else if (kind === 1) list.splice(at, below(400));
      else if (kind === 2) list.splice(below(list.length + 1), 0, ...piece);
      else if (kind === 3) list = [...list.slice(at), ...list.slice(0, at)];
      else for (let i = at; i < Math.min(at + 5, list.length); i++) list[i] = below(256);
    }
    return Uint8Array.from(list);
  };

  test('give the other bytes back', () => {
    for (let run = 0; run < 1500; run++) {
      const before = noise(below(3) * below(2000));
      const after = run % 10 === 0 ? noise(below(1000)) : edit(before);
      assert.deepEqual(applyChanges(before, changesBetween(before, after)), after);
    }
  });

  test('take little where little changed', () => {
    const before = noise(20_000);
    assert.ok(changesBetween(before, before).length < 10);
    const moved = Uint8Array.from([...before.subarray(0, 9000), ...noise(256), ...before.subarray(9000)]);
    assert.ok(changesBetween(before, moved).length < 256 + 40);
  });

  test('that were damaged or forged are refused, or make other bytes', () => {
    const before = noise(3000);
    const changes = changesBetween(before, edit(before));
    for (let run = 0; run < 3000; run++) {
      const forged = changes.slice(0, run % 3 === 0 ? below(changes.length) : changes.length);
      if (forged.length > 0) forged[below(Math.min(forged.length, 40))] = below(256);
      try {
        assert.ok(applyChanges(before, forged) instanceof Uint8Array);
      } catch (error) {
        assert.ok(isQuernError(error, 'snapshot.corrupt'), String(error));
      }
    }
  });
});

describe('the snapshots of a job', () => {
  test('are whole ones and changes, whichever is less', async () => {
    let job = questionJob('kinds', 40);
    const kinds: string[] = [];
    for (;;) {
      const advanced = await advance(job, { modules, functions: new Ledger().functions, fuel: 1500 });
      job = advanced.job;
      if (advanced.status === 'done') break;
      kinds.push(advanced.slice!.state!.kind);
      const { kind } = advanced.slice!.state!;
      if (kind === 'whole') assert.equal(job.state.length, 1);
    }
    assert.deepEqual(new Set(kinds), new Set(['whole', 'changes']));
    await verifyJob(job, { modules });
  });

  for (const [wasm, name, input, fuel] of [
    [
      'quickjs.wasm',
      'eval',
      'let a = []; for (let i = 0; i < 1500; i++) a.push({ i, text: "x" + i }); String(a.length)',
      400_000,
    ],
    [
      'sqlite.wasm',
      'exec',
      'create table t(a, b); with recursive c(i) as (values(1) union all select i + 1 from c where i < 300) insert into t select i, hex(i) from c; select count(*) from t',
      150_000,
    ],
  ] as const)
    test(`of ${wasm}: changes take at most a tenth, and verify`, needsShared, async () => {
      const plugin = readFileSync(shared('plugins', wasm));
      const host = { modules: [plugin] };
      let job: Job = createJob({
        id: wasm,
        modules: { main: moduleHash(plugin) },
        function: name,
        input,
        options: { useWasi: true },
      });
      const changes: number[] = [];
      let whole = 0;
      for (;;) {
        const advanced = await advance(job, { ...host, fuel });
        job = advanced.job;
        if (advanced.status === 'done') break;
        const { kind, byteLength } = advanced.slice!.state!;
        if (kind === 'whole') whole = byteLength;
        else changes.push(byteLength);
      }
      assert.ok(changes.length > 5, `${changes.length} changes`);
      const mean = changes.reduce((sum, length) => sum + length, 0) / changes.length;
      assert.ok(mean <= whole / 10, `${mean} of ${whole} bytes`);
      assert.deepEqual((await verifyJob(job, host)).output?.bytes(), job.output);
    });
});
