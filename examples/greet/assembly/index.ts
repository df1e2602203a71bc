/** The smallest useful plug-in: reads a name, and returns a greeting that the host can configure. */
import { Config, Host } from '@extism/as-pdk';

/** Ends the plug-in on a failed assertion; the backtrace then shows where. */
export function abort(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}

/** Input: a name. Output: the greeting. */
export function greet(): i32 {
  const greeting = Config.get('greeting');
  const name = Host.inputString();
  const text = `${greeting == null ? 'Hello' : greeting}, ${name == '' ? 'world' : name}!`;
  Host.output(Uint8Array.wrap(String.UTF8.encode(text)));
  return 0;
}
