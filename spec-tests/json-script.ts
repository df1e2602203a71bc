/**
 * Scripts in the JSON form of converted data, described in the data's README: for comparison with the reader of
 * texts.
 *
 * Reading checks the shape: an unknown command or value becomes an `unknown` command, which the runner counts as a
 * failure, so that a new form in a later suite is noticed.
 */
import type { Action, Command, ModuleSource, Script, ScriptValue } from '../src/scripts/script.ts';

/** The JSON form of a script. */
export interface ScriptJson {
  readonly source_filename: string;
  readonly commands: readonly Json[];
}

/** Makes a script from its JSON form and the bytes of its modules. */
export const readScript = (json: ScriptJson, bytes: Uint8Array, name: string): Script => ({
  name,
  sourceName: json.source_filename,
  commands: json.commands.map((command) => readCommand(command, bytes)),
});

type Json = { readonly [key: string]: unknown };

/** Thrown only inside this file; becomes an `unknown` command. */
class UnknownForm extends Error {}

const string = (json: Json, key: string): string => {
  const value = json[key];
  if (typeof value !== 'string') throw new UnknownForm(`${key} is not a string`);
  return value;
};
const optionalString = (json: Json, key: string): string | null => (key in json ? string(json, key) : null);
const list = (json: Json, key: string): readonly Json[] => {
  const value = json[key];
  if (!Array.isArray(value)) throw new UnknownForm(`${key} is not a list`);
  return value as Json[];
};

const readSource = (json: Json, bytes: Uint8Array): ModuleSource => {
  const key = json['module_type'] === 'text' ? 'binary_at' : 'at';
  const range = json[key];
  if (range === undefined && key === 'binary_at') return { bytes: null, text: null };
  if (!Array.isArray(range) || range.length !== 2) throw new UnknownForm('bad module range');
  const [start, length] = range.map(Number) as [number, number];
  return { bytes: bytes.subarray(start, start + length), text: null };
};

const laneWidths: Readonly<Record<string, number>> = { i8: 8, i16: 16, i32: 32, i64: 64, f32: 32, f64: 64 };
const nullTypes = new Set(['nullref', 'nullfuncref', 'nullexternref', 'nullexnref', 'refnull']);
const referenceTypes = new Set([
  'funcref',
  'externref',
  'anyref',
  'eqref',
  'i31ref',
  'structref',
  'arrayref',
  'exnref',
]);

const readNumber = (type: 'i32' | 'i64' | 'f32' | 'f64', value: unknown): ScriptValue => {
  if ((type === 'f32' || type === 'f64') && (value === 'nan:canonical' || value === 'nan:arithmetic')) {
    return { type, nan: value === 'nan:canonical' ? 'canonical' : 'arithmetic' };
  }
  if (typeof value !== 'string' || !/^\d+$/.test(value)) throw new UnknownForm(`number ${String(value)}`);
  return { type, bits: BigInt(value) };
};

const readVector = (json: Json): ScriptValue => {
  const laneType = string(json, 'lane_type');
  const laneBits = laneWidths[laneType];
  const values = json['value'];
  if (laneBits === undefined || !Array.isArray(values) || values.length * laneBits !== 128) {
    throw new UnknownForm(`v128 of ${laneType}`);
  }
  const type = laneType === 'f32' || laneType === 'f64' ? laneType : laneBits === 64 ? 'i64' : 'i32';
  return { type: 'v128', laneBits, lanes: values.map((value) => readNumber(type, value)) };
};

const readValue = (json: Json): ScriptValue => {
  const type = string(json, 'type');
  switch (type) {
    case 'i32':
    case 'i64':
    case 'f32':
    case 'f64':
      return readNumber(type, json['value']);
    case 'v128':
      return readVector(json);
    case 'either':
      return { type: 'either', values: list(json, 'values').map(readValue) };
    default:
      return readReference(type, json['value']);
  }
};

const readReference = (type: string, value: unknown): ScriptValue => {
  if (nullTypes.has(type)) return { type: 'null', of: type };
  if (!referenceTypes.has(type)) throw new UnknownForm(`value type ${type}`);
  if (value === undefined) return { type: 'some', of: type };
  if (value === 'null') return { type: 'null', of: type };
  if (typeof value !== 'string' || !/^\d+$/.test(value)) throw new UnknownForm(`reference ${String(value)}`);
  return { type: 'host', of: type, id: Number(value) };
};

const readAction = (json: Json): Action => {
  const action = json['action'] as Json | undefined;
  const type = action?.['type'];
  if (action === undefined || (type !== 'invoke' && type !== 'get')) {
    throw new UnknownForm(`action ${String(type)}`);
  }
  return {
    type,
    module: optionalString(action, 'module'),
    field: string(action, 'field'),
    args: type === 'invoke' ? list(action, 'args').map(readValue) : [],
  };
};

const readCommand = (json: Json, bytes: Uint8Array): Command => {
  const line = Number(json['line']);
  try {
    return { line, ...readFields(json, bytes) };
  } catch (error) {
    if (!(error instanceof UnknownForm)) throw error;
    return { line, type: 'unknown', what: `${String(json['type'])}: ${error.message}` };
  }
};

type Fields<T> = T extends unknown ? Omit<T, 'line'> : never;

const readFields = (json: Json, bytes: Uint8Array): Fields<Command> => {
  const type = string(json, 'type');
  switch (type) {
    case 'module':
    case 'module_definition':
      return { type, name: optionalString(json, 'name'), source: readSource(json, bytes) };
    case 'module_instance':
      return { type, instance: optionalString(json, 'instance'), module: optionalString(json, 'module') };
    case 'register':
      return { type, as: string(json, 'as'), name: optionalString(json, 'name') };
    case 'action':
    case 'assert_exception':
      return { type, action: readAction(json) };
    case 'assert_return':
      return { type, action: readAction(json), expected: list(json, 'expected').map(readValue) };
    case 'assert_trap':
    case 'assert_exhaustion':
      return { type, action: readAction(json), text: string(json, 'text') };
    case 'assert_malformed':
    case 'assert_invalid':
    case 'assert_unlinkable':
    case 'assert_uninstantiable':
    case 'assert_malformed_custom':
    case 'assert_invalid_custom':
      return { type, source: readSource(json, bytes), text: string(json, 'text') };
    case 'thread':
      return {
        type,
        name: string(json, 'name'),
        sharedModule: optionalString(json, 'shared_module'),
        commands: list(json, 'commands').map((command) => readCommand(command, bytes)),
      };
    case 'wait':
      return { type, thread: string(json, 'thread') };
    default:
      throw new UnknownForm('command type');
  }
};
