/**
 * `http_request`: HTTP as plug-ins see it. The call pauses until the response arrives.
 *
 * A plug-in chooses URL, method, headers and body; the host decides where requests may go and how large responses may
 * be. A response does not reach the plug-in's state before the call resumes, so a call that is stopped while it waits
 * leaves no trace.
 */
import { isRecord } from '../../errors/checks.ts';
import { HostError } from '../../errors/errors.ts';
import { nameText } from '../../errors/texts.ts';
import { type FuelSchedule, hostBytesCost } from '../../interpreter/fuel/schedules.ts';
import { rawHostFunction } from '../../interpreter/instances/host-function.ts';
import type { FuncInstance, RawHostCode } from '../../interpreter/instances/module-instance.ts';
import { TEXT_WEIGHT } from '../../kernel/abi.ts';
import { kernelFuncType, kernelFunctionCost, readU64, takeWorkCost, writeU64 } from '../../kernel/imports.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { decodeUtf8Lossy } from '../../syntax/utf8.ts';
import type { HttpHeaders, HttpTransport } from '../platform/platform.ts';
import { isAllowedHost } from './host-patterns.ts';
import { type ClientRequest, exchange, httpFailure } from './http-client.ts';
import type { HttpUrl } from './url.ts';

/** The host's settings for the requests of one plug-in. */
export interface HttpSettings {
  /** Null if the host cannot send requests. */
  readonly transport: HttpTransport | null;
  /** Patterns of host names; see `host-patterns.ts`. */
  readonly allowedHosts: readonly string[];
  /** Most bytes of the body of a response. */
  readonly maxBytes: number;
  /** Whether `http_headers` is enabled. */
  readonly allowsHeaders: boolean;
  /** Replaces `exchange`; recordings are made there. */
  readonly exchange?: typeof exchange;
}

/** The last HTTP response, without its body. */
export interface LastAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** The headers as the plug-in gets them. PERF: made once, since a plug-in can read them in a loop. */
  json: Uint8Array | null;
}

/** The part of a plug-in's state that requests need. */
export interface HttpState {
  readonly http: HttpSettings;
  readonly kernel: Kernel;
  readonly schedule: FuelSchedule;
  readonly logger: { write(level: 'warn', message: string): void };
  /** Resolves when the running call is stopped; null if nothing can stop it. */
  readonly stopped: Promise<void> | null;
  lastAnswer: LastAnswer | null;
}

/** Most bytes of the JSON of a request: a generous size for a URL and headers. */
const MAX_REQUEST_BYTES = 262_144;
/** Methods whose requests have no body; `fetch` refuses it. */
const bodiless: readonly string[] = ['GET', 'HEAD'];

/**
 * Headers that only the host may set. SAFETY: `host` could choose another site at an allowed address, and the others
 * frame the message, so that a second request could be smuggled in.
 */
const hostHeaders =
  /^(?:host|connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*)$/;
/** Tokens and field values of RFC 9110. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

const ownField = (fields: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(fields, key) ? fields[key] : undefined;

const checkHeaders = (value: unknown, state: HttpState): Record<string, string> => {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw httpFailure('headers of the request are not an object');
  const headers: [string, string][] = [];
  for (const [name, text] of Object.entries(value)) {
    if (!token.test(name) || typeof text !== 'string' || !fieldValue.test(text))
      throw httpFailure(`header "${nameText(name)}" of the request is malformed`);
    if (hostHeaders.test(name.toLowerCase())) {
      state.logger.write(
        'warn',
        `header "${nameText(name)}" of a request can only be set by the host; it was omitted`,
      );
    } else headers.push([name, text]);
  }
  return Object.fromEntries(headers);
};

const parseRequest = (json: Uint8Array): Readonly<Record<string, unknown>> => {
  if (json.length > MAX_REQUEST_BYTES) throw httpFailure(`request is larger than ${MAX_REQUEST_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8Lossy(json));
  } catch (cause) {
    throw httpFailure('request is not JSON', cause);
  }
  if (isRecord(value)) return value;
  throw httpFailure('request is not an object');
};

const readBlock = (state: HttpState, address: number, what: string): Uint8Array => {
  const bytes = state.kernel.read(address);
  if (bytes === null) throw httpFailure(`handle of the ${what} is not the handle of a block`);
  return bytes;
};

/** Reads the request that a plug-in describes. The plug-in keeps the blocks: some plug-ins use them again. */
const readRequest = (state: HttpState, json: Uint8Array, body: Uint8Array | null): ClientRequest => {
  const fields = parseRequest(json);
  const url = ownField(fields, 'url');
  const method = ownField(fields, 'method') ?? 'GET';
  if (typeof url !== 'string') throw httpFailure('request has no URL');
  if (typeof method !== 'string' || !token.test(method))
    throw httpFailure('method of the request is malformed');
  const upperMethod = method.toUpperCase();
  if (upperMethod === 'CONNECT' || upperMethod === 'TRACE')
    throw httpFailure(`method ${upperMethod} is not allowed`);
  return {
    url,
    method: upperMethod,
    // Old PDKs write `header`.
    headers: checkHeaders(ownField(fields, 'headers') ?? ownField(fields, 'header'), state),
    body: bodiless.includes(upperMethod) ? null : body,
    cancelled: state.stopped,
  };
};

const requireAllowed = ({ allowedHosts }: HttpSettings, { href, hostname }: HttpUrl): void => {
  if (isAllowedHost(allowedHosts, hostname)) return;
  throw new HostError('host.http-refused', {
    name: hostname,
    detail: `HTTP request to "${href}" is not allowed (no allowedHosts match "${hostname}")`,
  });
};

/** The check of each hop; null if `*` allows them all. */
const checkOf = (http: HttpSettings): ((url: HttpUrl) => void) | null =>
  http.allowedHosts.includes('*') ? null : (url) => requireAllowed(http, url);

/** Headers as JSON: one text for each name, as in all SDKs. Of several cookies, the last one counts. */
export const headersAsJson = (headers: HttpHeaders): string => {
  const joined = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = joined.get(name);
    joined.set(name, before === undefined || name === 'set-cookie' ? value : `${before}, ${value}`);
  }
  return JSON.stringify(Object.fromEntries(joined));
};

/** The function instance of `http_request`. */
export const createHttpRequest = (state: HttpState): FuncInstance => {
  const { http, schedule, kernel } = state;
  const run: RawHostCode = (slots, base, caller) => {
    const bodyAddress = readU64(slots, base + 2);
    state.lastAnswer = null;
    const json = readBlock(state, readU64(slots, base), 'request');
    const body = bodyAddress === 0 ? null : readBlock(state, bodyAddress, 'body of the request');
    const sent = hostBytesCost(schedule, TEXT_WEIGHT * json.length + (body?.length ?? 0));
    caller.charge(sent + takeWorkCost(kernel, schedule));
    const request = readRequest(state, json, body);
    if (http.transport === null) throw httpFailure('this host cannot send requests');
    const rules = { check: checkOf(http), maxBytes: http.maxBytes };
    return (http.exchange ?? exchange)(http.transport, request, rules).then((received) => (words, at) => {
      state.lastAnswer = { status: received.status, headers: received.headers, json: null };
      // An empty body is handle 0, as in the other SDKs: there is nothing to read in either case.
      const handle = kernel.store(received.body);
      if (handle === 0 && received.body.length > 0) throw noRoom();
      writeU64(words, at, handle);
      caller.charge(hostBytesCost(schedule, received.body.length) + takeWorkCost(kernel, schedule));
    });
  };
  return rawHostFunction(kernelFuncType('http_request'), run, kernelFunctionCost(schedule, 'http_request'));
};

const noRoom = (): Error => httpFailure('not enough kernel memory for the body of the response');
