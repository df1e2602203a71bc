/** The host functions that generated programs import, the same for every executor; nothing here needs a host. */

/** The host functions of `env` by name, over raw values; they behave alike for all executors. */
export class HostFunctions {
  private seen: string[] = [];
  private pairs = 0n;

  readonly byName: Readonly<Record<string, (args: readonly bigint[]) => readonly bigint[]>> = {
    mix: ([a = 0n, b = 0n]) => {
      this.seen.push(`mix ${a} ${b}`);
      return [BigInt.asUintN(32, a * 31n + b)];
    },
    log: ([a = 0n]) => {
      this.seen.push(`log ${a}`);
      return [];
    },
    pair: () => {
      this.pairs++;
      this.seen.push('pair');
      return [BigInt.asUintN(64, this.pairs * -0x1_0000_0001n), this.pairs];
    },
  };

  /** State, as text. */
  save(): string {
    return JSON.stringify([this.seen, String(this.pairs)]);
  }
  load(text: string): void {
    const [seen, pairs] = JSON.parse(text) as [string[], string];
    this.seen = seen;
    this.pairs = BigInt(pairs);
  }

  /** What was called since the last time. */
  takeLog(): string {
    const text = this.seen.join(', ');
    this.seen = [];
    return text;
  }
}
