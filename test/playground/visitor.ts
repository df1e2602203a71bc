/** What people do in the page, and what they see. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Served } from './browsers.ts';

/** A person with a browser. */
export class Visitor {
  readonly browser: Browser;
  readonly served: Served;

  constructor(browser: Browser, served: Served) {
    this.browser = browser;
    this.served = served;
  }

  text(selector: string): Promise<string> {
    return this.browser.evaluate(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`);
  }

  async until(expression: string, what = expression): Promise<void> {
    const end = Date.now() + 20_000;
    while (!(await this.browser.evaluate<boolean>(`!!(${expression})`))) {
      if (Date.now() > end)
        throw new Error(`never: ${what}; ${await this.text('#standing')} ${await this.text('#notice')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async idle(): Promise<void> {
    await this.until("!/…/.test(document.querySelector('#standing').textContent)", 'idle');
  }

  async open(fragment = ''): Promise<void> {
    await this.browser.open(this.served.url + fragment);
    await this.until("document.body.dataset.ready === 'yes'", 'ready');
  }

  /** Chooses from a menu. */
  async choose(selector: string, value: string): Promise<void> {
    await this.browser.evaluate(
      `(() => { const menu = document.querySelector(${JSON.stringify(selector)}); menu.value = ${JSON.stringify(value)}; menu.dispatchEvent(new Event('change')); return null; })()`,
    );
  }

  async example(name: string): Promise<void> {
    await this.open();
    await this.choose('.tools select', name);
    await this.until(`document.title === ${JSON.stringify(`${name} – Quern playground`)}`, name);
  }

  async press(id: string): Promise<void> {
    await this.browser.click(`#${id}`);
    await this.idle();
  }

  async move(...moves: readonly string[]): Promise<void> {
    for (const move of moves) await this.press(`move-${move}`);
  }

  /** Where the call stands, and what it holds there. */
  async stand(): Promise<string> {
    await this.browser.click('#tab-stack');
    return `${await this.text('#figures')} ${await this.text('#frames')} ${(await this.text('#values')).replaceAll(' (changed)', '')}`;
  }

  /** Puts a text in the place of what a field holds, as a person who pastes does. */
  async fill(selector: string, text: string): Promise<void> {
    await this.browser.evaluate(
      `(() => { const field = document.querySelector(${JSON.stringify(selector)}); field.value = ${JSON.stringify(text)}; field.dispatchEvent(new Event('input')); return null; })()`,
    );
  }

  async saveSnapshot(): Promise<string> {
    const { downloads } = this.browser;
    const before = new Set(readdirSync(downloads));
    await this.browser.click('#snapshot');
    const end = Date.now() + 15_000;
    for (;;) {
      const name = readdirSync(downloads).find((file) => !before.has(file) && file.endsWith('.quern-call'));
      if (name !== undefined && !existsSync(join(downloads, `${name}.part`))) return join(downloads, name);
      assert.ok(Date.now() < end, 'no snapshot was saved');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Opens a saved call in a page of its own and runs it to its end. */
  async resume(path: string): Promise<string> {
    await this.open();
    await this.browser.chooseFile('#file', path);
    await this.until("/Resumed/.test(document.querySelector('#notice').textContent)");
    await this.move('continue');
    await this.browser.click('#tab-result');
    return this.result();
  }

  async result(): Promise<string> {
    return `${await this.text('#result-head')} ${await this.text('#results')} ${await this.text('#output')}`.trim();
  }

  /** What axe finds of consequence. */
  async faultsOfAccess(): Promise<readonly unknown[]> {
    await this.browser.evaluate(
      "(() => { delete document.body.dataset.axe; for (const src of window.document.querySelector('script[src=\"/axe.js\"]') ? ['/run-axe.js?' + Math.random()] : ['/axe.js', '/run-axe.js']) { const script = document.createElement('script'); script.src = src; script.async = false; document.head.append(script); } return null; })()",
    );
    await this.until('document.body.dataset.axe');
    const found = JSON.parse(await this.browser.evaluate<string>('document.body.dataset.axe')) as readonly {
      readonly impact: string;
    }[];
    return found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  }
}
