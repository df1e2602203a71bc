/** A plug-in: what is exported here, hosts call by name. */
import { Config, Host } from '@extism/as-pdk';

/** Ends the plug-in on a failed assertion; the backtrace then shows where. */
export function abort(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}

/** Input: a name. Output: a greeting, which the host may set (`--config greeting=Salut`). 0 means success. */
export function greet(): i32 {
  const name = Host.inputString();
  const greeting = Config.get('greeting');
  Host.outputString(`${greeting === null ? 'Hello' : greeting}, ${name}!`);
  return 0;
}
