/* global Config, Host */

/** Input: a name. Output: a greeting, which the host may set (`--config greeting=Salut`). */
export function greet() {
  const greeting = Config.get('greeting') || 'Hello';
  Host.outputString(`${greeting}, ${Host.inputString()}!`);
}
