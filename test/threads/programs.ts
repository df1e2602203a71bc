/**
 * Programs of threads in text form: locks, queues and litmus tests on an imported shared memory. The same modules run
 * under the scheduler, on reference machines and in worker threads.
 *
 * Words of the memory: 0 spin lock, 4 counter, 8 mutex, 16 and 20 barrier, 24 ready, 32 sum of what was consumed;
 * the queue at 64: 64 mutex, 68 sequence of changes, 72 head, 76 tail, 80 … 95 four places; litmus tests from 1024 on,
 * 16 bytes a round: x, y (or data, flag), first and second result.
 */
import { compileModule, instantiate, type MemoryInstance, type Store } from '../../src/wasm.ts';
import { compileWat } from '../wat.ts';
import { features } from './instance.ts';

/** First byte of the litmus tests, and bytes of one round. */
export const LITMUS = 1024;
export const ROUND = 16;

const programs = `(module
  (import "env" "memory" (memory 1 4 shared))

  ;; A lock that spins.
  (func (export "spin") (param $n i32)
    (loop $next
      (loop $again (br_if $again (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))))
      (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))
      (i32.atomic.store (i32.const 0) (i32.const 0))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; A mutex that sleeps: 0 free, 1 held, 2 held and waited for (Drepper, Futexes Are Tricky).
  (func $lock (param $at i32) (local $was i32)
    (local.set $was (i32.atomic.rmw.cmpxchg (local.get $at) (i32.const 0) (i32.const 1)))
    (if (local.get $was) (then
      (if (i32.ne (local.get $was) (i32.const 2))
        (then (local.set $was (i32.atomic.rmw.xchg (local.get $at) (i32.const 2)))))
      (block $got (loop $again
        (br_if $got (i32.eqz (local.get $was)))
        (drop (memory.atomic.wait32 (local.get $at) (i32.const 2) (i64.const -1)))
        (local.set $was (i32.atomic.rmw.xchg (local.get $at) (i32.const 2)))
        (br $again))))))
  (func $unlock (param $at i32)
    (if (i32.ne (i32.atomic.rmw.sub (local.get $at) (i32.const 1)) (i32.const 1)) (then
      (i32.atomic.store (local.get $at) (i32.const 0))
      (drop (memory.atomic.notify (local.get $at) (i32.const 1))))))
  (func (export "mutex") (param $n i32)
    (loop $next
      (call $lock (i32.const 8))
      (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))
      (call $unlock (i32.const 8))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; A bounded queue of four places: a mutex, and a condition variable that counts changes.
  (func $await_change (local $seen i32)
    (local.set $seen (i32.atomic.load (i32.const 68)))
    (call $unlock (i32.const 64))
    (drop (memory.atomic.wait32 (i32.const 68) (local.get $seen) (i64.const -1)))
    (call $lock (i32.const 64)))
  (func $announce
    (drop (i32.atomic.rmw.add (i32.const 68) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 68) (i32.const -1))))
  (func $length (result i32) (i32.sub (i32.load (i32.const 76)) (i32.load (i32.const 72))))
  (func $place (param $i i32) (result i32)
    (i32.add (i32.const 80) (i32.shl (i32.and (local.get $i) (i32.const 3)) (i32.const 2))))
  ;; Puts first, first + 1, … into the queue.
  (func (export "produce") (param $first i32) (param $n i32)
    (loop $next
      (call $lock (i32.const 64))
      (block $room (loop $full
        (br_if $room (i32.lt_u (call $length) (i32.const 4)))
        (call $await_change)
        (br $full)))
      (i32.store (call $place (i32.load (i32.const 76))) (local.get $first))
      (i32.store (i32.const 76) (i32.add (i32.load (i32.const 76)) (i32.const 1)))
      (call $announce)
      (call $unlock (i32.const 64))
      (local.set $first (i32.add (local.get $first) (i32.const 1)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  ;; Takes n values; their sum, also added at 32.
  (func (export "consume") (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (call $lock (i32.const 64))
      (block $some (loop $empty
        (br_if $some (call $length))
        (call $await_change)
        (br $empty)))
      (local.set $sum (i32.add (local.get $sum) (i32.load (call $place (i32.load (i32.const 72))))))
      (i32.store (i32.const 72) (i32.add (i32.load (i32.const 72)) (i32.const 1)))
      (call $announce)
      (call $unlock (i32.const 64))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (drop (i32.atomic.rmw.add (i32.const 32) (local.get $sum)))
    (local.get $sum))

  ;; Waits until k threads are here.
  (func $barrier (param $k i32) (local $round i32)
    (local.set $round (i32.atomic.load (i32.const 20)))
    (if (i32.eq (i32.add (i32.atomic.rmw.add (i32.const 16) (i32.const 1)) (i32.const 1)) (local.get $k))
      (then
        (i32.atomic.store (i32.const 16) (i32.const 0))
        (drop (i32.atomic.rmw.add (i32.const 20) (i32.const 1)))
        (drop (memory.atomic.notify (i32.const 20) (i32.const -1))))
      (else (loop $again
        (drop (memory.atomic.wait32 (i32.const 20) (local.get $round) (i64.const -1)))
        (br_if $again (i32.eq (i32.atomic.load (i32.const 20)) (local.get $round)))))))
  (export "meet" (func $barrier))
  (func $round (param $i i32) (result i32) (i32.add (i32.const ${LITMUS}) (i32.shl (local.get $i) (i32.const 4))))

  ;; Store buffering: each of two threads writes its own and reads the other's.
  (func (export "store_buffering") (param $me i32) (param $n i32) (local $at i32) (local $mine i32)
    (local.set $mine (i32.shl (local.get $me) (i32.const 2)))
    (loop $next
      (call $barrier (i32.const 2))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (local.set $at (call $round (local.get $n)))
      (i32.atomic.store (i32.add (local.get $at) (local.get $mine)) (i32.const 1))
      (i32.store offset=8 (i32.add (local.get $at) (local.get $mine))
        (i32.atomic.load (i32.add (local.get $at) (i32.xor (local.get $mine) (i32.const 4)))))
      (br_if $next (local.get $n))))

  ;; Message passing: plain data guarded by an atomic flag.
  (func (export "send") (param $n i32) (local $at i32)
    (loop $next
      (call $barrier (i32.const 2))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (local.set $at (call $round (local.get $n)))
      (i32.store (local.get $at) (i32.add (i32.const 1000) (local.get $n)))
      (i32.atomic.store offset=4 (local.get $at) (i32.const 1))
      (br_if $next (local.get $n))))
  (func (export "receive") (param $n i32) (local $at i32)
    (loop $next
      (call $barrier (i32.const 2))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (local.set $at (call $round (local.get $n)))
      (i32.store offset=8 (local.get $at) (i32.atomic.load offset=4 (local.get $at)))
      (i32.store offset=12 (local.get $at) (i32.load (local.get $at)))
      (br_if $next (local.get $n))))

  ;; Independent reads of independent writes: two write, two read in opposite order.
  (func (export "write") (param $me i32) (param $n i32)
    (loop $next
      (call $barrier (i32.const 4))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (i32.atomic.store
        (i32.add (call $round (local.get $n)) (i32.shl (local.get $me) (i32.const 2))) (i32.const 1))
      (br_if $next (local.get $n))))
  (func (export "read") (param $me i32) (param $n i32) (local $at i32) (local $mine i32) (local $first i32)
    (local.set $mine (i32.shl (local.get $me) (i32.const 2)))
    (loop $next
      (call $barrier (i32.const 4))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (local.set $at (call $round (local.get $n)))
      (local.set $first (i32.atomic.load (i32.add (local.get $at) (local.get $mine))))
      (i32.store offset=8 (i32.add (local.get $at) (local.get $mine)) (i32.or
        (i32.shl (local.get $first) (i32.const 1))
        (i32.atomic.load (i32.add (local.get $at) (i32.xor (local.get $mine) (i32.const 4))))))
      (br_if $next (local.get $n))))

  ;; Read-modify-writes of every width, contended: byte 512, half 514, word 516, doubleword 520.
  (func (export "count") (param $n i32)
    (loop $next
      (drop (i32.atomic.rmw8.add_u (i32.const 512) (i32.const 1)))
      (drop (i32.atomic.rmw16.add_u (i32.const 514) (i32.const 3)))
      (drop (i64.atomic.rmw32.sub_u (i32.const 516) (i64.const 1)))
      (drop (i64.atomic.rmw.add (i32.const 520) (i64.const 0x100000001)))
      (atomic.fence)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; Grows the memory and says where the new page begins; the other end writes there when told.
  (func (export "grow") (param $pages i32) (result i32) (local $old i32)
    (local.set $old (memory.grow (local.get $pages)))
    (i32.atomic.store (i32.const 24) (i32.shl (local.get $old) (i32.const 16)))
    (drop (memory.atomic.notify (i32.const 24) (i32.const -1)))
    (local.get $old))
  ;; Accesses below leave the size as this thread knows it; then plain ones go to the new page.
  (func (export "use_growth") (param $value i32) (result i32) (local $at i32)
    (loop $again
      (drop (memory.atomic.wait32 (i32.const 24) (i32.const 0) (i64.const -1)))
      (br_if $again (i32.eqz (local.tee $at (i32.atomic.load (i32.const 24))))))
    (i32.store (local.get $at) (local.get $value))
    (memory.fill (i32.add (local.get $at) (i32.const 8)) (i32.const 7) (i32.const 4))
    (memory.copy (i32.add (local.get $at) (i32.const 12)) (local.get $at) (i32.const 12))
    (i64.store offset=65528 (local.get $at) (i64.load (local.get $at)))
    (memory.size))

  (func (export "wait32") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64") (param i32 i64 i64) (result i32)
    (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "notify") (param i32 i32) (result i32)
    (memory.atomic.notify (local.get 0) (local.get 1)))
  ;; Waits at a place and logs the number of the thread, in the order of waking.
  (func (export "queue") (param $me i32)
    (drop (memory.atomic.wait32 (i32.const 128) (i32.const 0) (i64.const -1)))
    (i32.store8 (i32.add (i32.const 256) (i32.atomic.rmw.add (i32.const 132) (i32.const 1))) (local.get $me)))
  ;; Wakes one at a time, n of them, in turns of its own.
  (func (export "wake") (param $n i32)
    (loop $next
      (local.set $n (i32.sub (local.get $n) (memory.atomic.notify (i32.const 128) (i32.const 1))))
      (br_if $next (local.get $n))))
  (func (export "set") (param i32 i32) (i32.atomic.store (local.get 0) (local.get 1)))
  (func (export "get") (param i32) (result i32) (i32.atomic.load (local.get 0)))
  (func (export "exchange64") (param i32 i64 i64) (result i64)
    (i64.atomic.rmw.cmpxchg (local.get 0) (local.get 1) (local.get 2)))
  (func (export "exchange8") (param i32 i32 i32) (result i32)
    (i32.atomic.rmw8.cmpxchg_u (local.get 0) (local.get 1) (local.get 2)))
  (func (export "or16") (param i32 i64) (result i64) (i64.atomic.rmw16.or_u (local.get 0) (local.get 1)))
  (func (export "store64") (param i32 i64) (i64.atomic.store (local.get 0) (local.get 1)))
  (func (export "load64") (param i32) (result i64) (i64.atomic.load (local.get 0)))
  (func (export "load16") (param i32) (result i32) (i32.atomic.load16_u (local.get 0)))
  (func (export "xor32") (param i32 i64) (result i64) (i64.atomic.rmw32.xor_u (local.get 0) (local.get 1))))`;

/** A module that exports nothing but a shared memory. */
const memory = `(module (memory (export "memory") 1 4 shared))`;

/** The two modules as bytes. */
export const binaries = compileWat({ programs, memory });

/** A fresh shared memory of a store. */
export const makeMemory = (store: Store): MemoryInstance =>
  instantiate(store, compileModule(binaries.memory, features), () => undefined).exports.get(
    'memory',
  ) as MemoryInstance;

/** A call of one of the programs. */
export type Call = readonly [name: string, ...args: bigint[]];
