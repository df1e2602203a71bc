/** Counts vowels. The running total is in a variable, so that it outlasts the call; the host adds a remark. */
import { Host, Memory, Var } from '@extism/as-pdk';
import { length } from '@extism/as-pdk/lib/env';
import { remark } from './host';

const VOWELS = 'aeiouAEIOU';
const TOTAL = 'total';

/** Ends the plug-in on a failed assertion; the backtrace then shows where. */
export function abort(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}

function countVowels(text: string): i64 {
  let count: i64 = 0;
  for (let i = 0; i < text.length; i++) {
    if (VOWELS.includes(text.charAt(i))) count++;
  }
  return count;
}

/** Input: a text. Output: its vowels, the total so far and the host's remark, as JSON. */
export function count(): i32 {
  const before = Var.getString(TOTAL);
  const vowels = countVowels(Host.inputString());
  const total = vowels + (before == null ? 0 : I64.parseInt(before));
  Var.set(TOTAL, Uint8Array.wrap(String.UTF8.encode(total.toString())));
  const handle = remark(total);
  const words = new Memory(handle, length(handle)).toString();
  const json = `{"vowels":${vowels},"total":${total},"remark":"${words}"}`;
  Host.output(Uint8Array.wrap(String.UTF8.encode(json)));
  return 0;
}

/** Divides the number in the input by itself: traps on 0. Shows what a backtrace looks like. */
export function ratio(): i32 {
  const value = I32.parseInt(Host.inputString());
  Host.output(Uint8Array.wrap(String.UTF8.encode(divide(value, value).toString())));
  return 0;
}

function divide(dividend: i32, divisor: i32): i32 {
  return dividend / divisor;
}
