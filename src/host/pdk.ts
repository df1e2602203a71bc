/**
 * The functions of `extism:host/env` that the host implements: config, variables, logging; HTTP is in `http.ts`.
 *
 * Types and prices come from the kernel's ABI table. Bad handles never fail a call: they answer 0 or are ignored,
 * and what the plug-in's author should know is logged.
 */
import { hostBytesCost } from '../interpreter/fuel.ts';
import { type FuncInstance, rawHostFunction } from '../interpreter/function.ts';
import { type HostFunctionName, kernelAbi } from '../kernel/abi.ts';
import { kernelFuncType, readU64, takeWorkCost, writeU64 } from '../kernel/imports.ts';
import { createHttpRequest, headersAsJson } from './http.ts';
import { logLevelNumber, type MessageLevel } from './logging.ts';
import type { PluginState } from './plugin-state.ts';
import { decodeUtf8, encodeUtf8 } from './text.ts';

/** Code of one function on the slots of a call; returns how many bytes crossed the border. */
type PdkCode = (state: PluginState, slots: Int32Array, base: number) => number;

const hex = (address: number): string => `${address.toString(16).padStart(16, '0')}H`;

/** Text of the block of a key, which is freed; handle 0 is the empty text, anything but a handle is null. */
const takeText = (state: PluginState, address: number): string | null => {
  if (address === 0) return '';
  const bytes = state.kernel.read(address);
  if (bytes === null) return null;
  state.kernel.free(address);
  return decodeUtf8(bytes);
};

/** Answers with a value in a new block. An empty value has a handle as well, so that it differs from none. */
const answer = (state: PluginState, slots: Int32Array, base: number, value: Uint8Array | null): number => {
  writeU64(slots, base, value === null ? 0 : state.kernel.storePresent(value));
  return value?.length ?? 0;
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
  const key = decodeUtf8(keyBytes);
  if (valueAddress === 0) {
    state.variables.delete(key);
    return keyBytes.length;
  }
  const value = state.kernel.read(valueAddress);
  if (value === null) {
    const where = `(key="${key}"; addr="${hex(valueAddress)}")`;
    state.logger.write('error', `attempted to set variable to invalid address ${where}`);
    return keyBytes.length;
  }
  const refusal = state.variables.set(key, value);
  if (refusal !== null) {
    state.logger.write('error', refusal);
    state.kernel.errorSet(state.kernel.store(encodeUtf8(refusal)));
  }
  return keyBytes.length + value.length;
};

const log =
  (level: MessageLevel): PdkCode =>
  (state, slots, base) => {
    const address = readU64(slots, base);
    if (!state.logger.lets(level)) {
      state.kernel.free(address);
      return 0;
    }
    const byteLength = state.kernel.memory.length(address);
    const text = takeText(state, address);
    if (text === null) {
      const where = `0x${address.toString(16).padStart(64, '0')}`;
      state.logger.write('error', `failed to log(${level}): bad block reference in addr ${where}`);
      return 0;
    }
    state.logger.write(level, text, byteLength);
    return text.length;
  };

/** A row of the table by the host that has no code here does not compile. */
const codes: Readonly<Record<Exclude<HostFunctionName, 'http_request'>, PdkCode>> = {
  config_get: (state, slots, base) => {
    const key = takeText(state, readU64(slots, base));
    const value = key === null ? undefined : state.config.get(key);
    return answer(state, slots, base, value === undefined ? null : encodeUtf8(value));
  },
  var_get: (state, slots, base) => {
    const key = takeText(state, readU64(slots, base));
    return answer(state, slots, base, key === null ? null : state.variables.get(key));
  },
  var_set: setVariable,
  http_status_code: (state, slots, base) => {
    slots[base] = state.lastAnswer?.status ?? 0;
    return 0;
  },
  http_headers: (state, slots, base) => {
    const { lastAnswer, http } = state;
    const isOff = lastAnswer === null || !http.allowsHeaders;
    return answer(state, slots, base, isOff ? null : encodeUtf8(headersAsJson(lastAnswer.headers)));
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

/** The host's function instances by import name. */
export const createPdkImports = (state: PluginState): Map<string, FuncInstance> => {
  const imports = new Map([['http_request', createHttpRequest(state)]]);
  const { schedule } = state;
  for (const name of Object.keys(codes) as (keyof typeof codes)[]) {
    const code = codes[name];
    const { fuel } = kernelAbi[name];
    const instance = rawHostFunction(kernelFuncType(name), (slots, base, caller) => {
      const byteCount = code(state, slots, base);
      caller.charge(fuel + hostBytesCost(schedule, byteCount) + takeWorkCost(state.kernel, schedule));
      return undefined;
    });
    imports.set(name, instance);
  }
  return imports;
};
