/**
 * The functions of `extism:host/env` that the host implements: config, variables, logging; HTTP is in `http.ts`.
 *
 * Types and prices come from the kernel's ABI table. Bad handles never fail a call: functions return 0 or ignore
 * them, and log what the plug-in's author should know.
 */
import { nameText } from '../../errors/texts.ts';
import { hostBytesCost } from '../../interpreter/fuel/schedules.ts';
import { rawHostFunction } from '../../interpreter/instances/host-function.ts';
import type { RawHostCode } from '../../interpreter/instances/module-instance.ts';
import { type HostFunctionName, TEXT_WEIGHT } from '../../kernel/abi.ts';
import { FunctionsOnDemand } from '../../kernel/functions-on-demand.ts';
import { kernelFuncType, kernelFunctionCost, readU64, takeWorkCost, writeU64 } from '../../kernel/imports.ts';
import { decodeUtf8Lossy, encodeUtf8 } from '../../syntax/utf8.ts';
import { createHttpRequest, type HttpState, headersAsJson } from '../http/http.ts';
import { type LevelLogger, logLevelNumber, type MessageLevel } from './logging.ts';
import type { Variables } from './variables.ts';

/** The part of a plug-in's state that these functions need. */
export interface PdkState extends HttpState {
  readonly config: ReadonlyMap<string, string>;
  readonly variables: Variables;
  readonly logger: LevelLogger;
}

/** Code of one function on the slots of a call; returns how many bytes were read and written, with text weighted. */
type PdkCode = (state: PdkState, slots: Int32Array, base: number) => number;

const hex = (address: number): string => `${address.toString(16).padStart(16, '0')}H`;

/** Bytes of the block of a key or message, which is freed; empty for handle 0, null for anything but a handle. */
const takeBytes = (state: PdkState, address: number): Uint8Array | null => {
  if (address === 0) return new Uint8Array(0);
  const bytes = state.kernel.read(address);
  if (bytes !== null) state.kernel.free(address);
  return bytes;
};

/** Returns a value in a new block. An empty value also gets a handle, so that it differs from no value. */
const answer = (state: PdkState, slots: Int32Array, base: number, value: Uint8Array | null): number => {
  writeU64(slots, base, value === null ? 0 : state.kernel.storePresent(value));
  return value?.length ?? 0;
};

/** Returns the value of a key, each byte of which counts `weight` times. */
const lookUp =
  (weight: number, find: (state: PdkState, key: string) => Uint8Array | null): PdkCode =>
  (state, slots, base) => {
    const key = takeBytes(state, readU64(slots, base));
    const found = answer(state, slots, base, key === null ? null : find(state, decodeUtf8Lossy(key)));
    return TEXT_WEIGHT * (key?.length ?? 0) + weight * found;
  };

const setVariable: PdkCode = (state, slots, base) => {
  const keyAddress = readU64(slots, base);
  const valueAddress = readU64(slots, base + 2);
  // Neither block is freed: plug-ins written for the JavaScript SDK use them again.
  const keyBytes = keyAddress === 0 ? new Uint8Array(0) : state.kernel.read(keyAddress);
  if (keyBytes === null) {
    state.logger.write(
      'error',
      `attempted to set variable using invalid key address (addr="${hex(keyAddress)}")`,
    );
    return 0;
  }
  const key = decodeUtf8Lossy(keyBytes);
  if (valueAddress === 0) {
    state.variables.delete(key);
    return TEXT_WEIGHT * keyBytes.length;
  }
  const value = state.kernel.read(valueAddress);
  if (value === null) {
    const where = `(key="${nameText(key)}"; addr="${hex(valueAddress)}")`;
    state.logger.write('error', `attempted to set variable to invalid address ${where}`);
    return TEXT_WEIGHT * keyBytes.length;
  }
  const refusal = state.variables.set(key, value);
  if (refusal !== null) {
    state.logger.write('error', refusal);
    state.kernel.errorSet(state.kernel.store(encodeUtf8(refusal)));
  }
  return TEXT_WEIGHT * keyBytes.length + value.length;
};

const log =
  (level: MessageLevel): PdkCode =>
  (state, slots, base) => {
    const address = readU64(slots, base);
    if (!state.logger.lets(level)) {
      state.kernel.free(address);
      return 0;
    }
    const bytes = takeBytes(state, address);
    if (bytes === null) {
      const where = `0x${address.toString(16).padStart(64, '0')}`;
      state.logger.write('error', `failed to log(${level}): bad block reference in addr ${where}`);
      return 0;
    }
    state.logger.write(level, decodeUtf8Lossy(bytes), bytes.length);
    return TEXT_WEIGHT * bytes.length;
  };

/** A host row of the table without code here does not compile. */
const codes: Readonly<Record<Exclude<HostFunctionName, 'http_request'>, PdkCode>> = {
  config_get: lookUp(TEXT_WEIGHT, ({ config }, key) => {
    const value = config.get(key);
    return value === undefined ? null : encodeUtf8(value);
  }),
  var_get: lookUp(1, ({ variables }, key) => variables.get(key)),
  var_set: setVariable,
  http_status_code: (state, slots, base) => {
    slots[base] = state.lastAnswer?.status ?? 0;
    return 0;
  },
  http_headers: (state, slots, base) => {
    const { lastAnswer, http } = state;
    if (lastAnswer === null || !http.allowsHeaders) return answer(state, slots, base, null);
    lastAnswer.json ??= encodeUtf8(headersAsJson(lastAnswer.headers));
    return TEXT_WEIGHT * answer(state, slots, base, lastAnswer.json);
  },
  log_trace: log('trace'),
  log_debug: log('debug'),
  log_info: log('info'),
  log_warn: log('warn'),
  log_error: log('error'),
  get_log_level: (state, slots, base) => {
    slots[base] = logLevelNumber(state.logger.level);
    return 0;
  },
};

const names = ['http_request', ...Object.keys(codes)] as HostFunctionName[];

/** The host's function instances by import name. */
export const createPdkImports = (state: PdkState): FunctionsOnDemand<HostFunctionName> =>
  new FunctionsOnDemand(names, (name) => {
    if (name === 'http_request') return createHttpRequest(state);
    const { schedule } = state;
    const code = codes[name];
    const run: RawHostCode = (slots, base, caller) => {
      const byteCount = code(state, slots, base);
      caller.charge(hostBytesCost(schedule, byteCount) + takeWorkCost(state.kernel, schedule));
      return undefined;
    };
    return rawHostFunction(kernelFuncType(name), run, kernelFunctionCost(schedule, name));
  });
