/** The functions of preview 1 that need no descriptor: arguments, environment, clocks, random, waiting, exit. */
import { ExitError } from '../../errors/errors.ts';
import { CLOCK_LAST, type WasiNameOn } from './abi.ts';
import type { Errno } from './errno.ts';
import { type GuestMemory, MAX_TRANSFER } from './guest-memory.ts';
import { MAX_SUBSCRIPTIONS, readClock, readPoll } from './poll.ts';
import type { Preview1, Strings } from './program.ts';
import { memoryOf, type WasiAnswer, type WasiCall } from './wasi-call.ts';

const RANDOM_CHUNK = 65_536;

/** Writes consecutive strings at parameter 1 and their addresses at parameter 0. */
const writeStrings = ({ strings }: Strings, call: WasiCall): WasiAnswer => {
  let pointerAt = call.u32(0);
  let at = call.u32(1);
  call.did('strings', strings.length);
  for (const bytes of strings) {
    call.memory.slice(at, bytes.length).set(bytes);
    call.memory.writeU32(pointerAt, at);
    call.moved(bytes.length);
    pointerAt += 4;
    at += bytes.length;
  }
  return 'success';
};

const writeSizes = ({ strings, byteLength }: Strings, call: WasiCall): WasiAnswer => {
  call.memory.writeU32(call.u32(0), strings.length);
  call.memory.writeU32(call.u32(1), byteLength);
  return 'success';
};

const poll = (wasi: Preview1, call: WasiCall): WasiAnswer => {
  const [input, output, count, countOut] = [call.u32(0), call.u32(1), call.u32(2), call.u32(3)];
  if (count === 0 || count > MAX_SUBSCRIPTIONS) return 'inval';
  const { subscription } = call.layout;
  call.did('subscriptions', count);
  const { wait, finish } = readPoll(call.memory, { input, output, count, countOut }, subscription, wasi);
  const deliver = (memory: GuestMemory): Errno => {
    finish(memory);
    return 'success';
  };
  if (wait > 0n) call.did('sleeps', 1);
  const sleep = wait > 0n ? wasi.clock.sleep?.(wait) : undefined;
  if (sleep === undefined) return deliver(call.memory);
  const forget = wasi.onStop(() => sleep.cancel());
  return sleep.done.then(() => {
    forget();
    return () => deliver(memoryOf(wasi, call.caller));
  });
};

/** Code by name. */
export const programFunctions: Readonly<
  Record<WasiNameOn<'nothing'>, (wasi: Preview1, call: WasiCall) => WasiAnswer>
> = {
  args_get: (wasi, call) => writeStrings(wasi.args, call),
  args_sizes_get: (wasi, call) => writeSizes(wasi.args, call),
  environ_get: (wasi, call) => writeStrings(wasi.environ, call),
  environ_sizes_get: (wasi, call) => writeSizes(wasi.environ, call),
  clock_res_get: (wasi, call) => {
    if (call.u32(0) > CLOCK_LAST) return 'inval';
    call.memory.writeU64(call.u32(1), wasi.clock.resolution);
    return 'success';
  },
  clock_time_get: (wasi, call) => {
    if (call.u32(0) > CLOCK_LAST) return 'inval';
    call.memory.writeU64(call.u32(2), readClock(wasi.clock, call.u32(0)));
    return 'success';
  },
  poll_oneoff: poll,
  proc_exit: (_, call) => {
    const exitCode = call.u32(0);
    throw new ExitError('exit.code', { exitCode, detail: `exit status ${exitCode}` });
  },
  proc_raise: () => 'nosys',
  random_get: (wasi, call) => {
    const length = call.u32(1);
    if (length > MAX_TRANSFER) return 'inval';
    const bytes = call.memory.slice(call.u32(0), length);
    for (let at = 0; at < length; at += RANDOM_CHUNK) wasi.random.fill(bytes.subarray(at, at + RANDOM_CHUNK));
    call.did('random', length);
    return 'success';
  },
  sched_yield: () => 'success',
};
