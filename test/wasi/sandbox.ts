/** Directories for escape attempts: a sandbox, and beside it what must stay as it is. */
import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Places, SECRET } from './attempts.ts';

/** A folder with `inside`, which guests get, and `outside`, which they must not reach. */
export class Sandbox implements Places {
  readonly base: string;
  readonly inside: string;
  readonly outside: string;
  #before = '';

  constructor() {
    this.base = mkdtempSync(join(tmpdir(), 'quern-escape-'));
    this.inside = join(this.base, 'inside');
    this.outside = join(this.base, 'outside');
    for (const path of [this.inside, this.outside, join(this.inside, 'dir'), `${this.inside}-twin`])
      mkdirSync(path);
    writeFileSync(join(this.outside, 'secret'), SECRET);
    writeFileSync(join(`${this.inside}-twin`, 'secret'), SECRET);
    writeFileSync(join(this.inside, 'file'), 'mine');
    this.seal();
  }

  /** Notes how things outside are from now on. */
  seal(): void {
    this.#before = this.#picture();
  }

  /** Everything beside the inside: names, contents, targets, times of change. */
  #picture(): string {
    const lines: string[] = [];
    const visit = (path: string): void => {
      if (path === this.inside) return;
      const stat = lstatSync(path, { bigint: true });
      const what = stat.isFile()
        ? readFileSync(path, 'latin1')
        : stat.isSymbolicLink()
          ? readlinkSync(path)
          : '';
      // Directories above the inside change when it is renamed; files never.
      lines.push(`${path} ${stat.mode} ${stat.nlink} ${stat.isDirectory() ? '' : stat.mtimeNs} ${what}`);
      if (stat.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    };
    visit(this.base);
    return lines.join('\n');
  }

  /** @throws AssertionError when something outside is not as it was */
  verify(): void {
    assert.equal(this.#picture(), this.#before, 'something outside has changed');
    assert.ok(existsSync(this.outside));
  }

  remove(): void {
    rmSync(this.base, { recursive: true, force: true });
  }
}
