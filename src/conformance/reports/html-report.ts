/**
 * One page with everything: a summary for each host, the matrix of cases and hosts, and for each case what it
 * requires, why, the plug-in, and what each host did. It is self-contained: no script, no font, no image.
 */
import { escapeXml } from '../../errors/texts.ts';
import { type Case, type Level, levelOf, levels } from '../cases/case.ts';
import { expand } from '../cases/wat.ts';
import { type ExpectedFailures, tally, type Verdict, verdictOf } from '../run/expected.ts';
import type { HostReport, Outcome } from '../run/run.ts';
import { reproduction } from './text-reports.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --paper: #fff; --faint: #60646c; --line: #e0e1e6; --band: #f6f7f9;
  --pass: #1f7a4d; --pass-wash: #e3f3ea; --fail: #b3261e; --fail-wash: #fbe7e5; --skip: #8b8d98; --vary: #8a5a00; --vary-wash: #fbf0d9; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --paper: #15171a; --faint: #a3a7b0; --line: #2c3036; --band: #1c1f23;
  --pass: #6fcf97; --pass-wash: #16301f; --fail: #ff8a80; --fail-wash: #3a1917; --skip: #7c8088; --vary: #e5b567; --vary-wash: #332810; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.25rem 4rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.05rem; margin: 2.25rem 0 .5rem; }
h2 small { font-weight: 400; color: var(--faint); margin-left: .5rem; }
p { margin: .25rem 0 1rem; color: var(--faint); max-width: 60rem; }
.hosts { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; margin: 1.5rem 0; }
.host { border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem; }
.host b { font-size: 1.05rem; } .host span { color: var(--faint); }
.host .score { font-size: 1.9rem; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.2; }
.bar { display: flex; height: .5rem; border-radius: .25rem; overflow: hidden; background: var(--line); margin: .5rem 0 .35rem; }
.bar i { display: block; } .bar .p { background: var(--pass); } .bar .f { background: var(--fail); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { font-size: .82rem; color: var(--faint); font-weight: 500; position: sticky; top: 0; background: var(--paper); }
td.mark, th.mark { width: 8.5rem; white-space: nowrap; }
tbody tr:hover { background: var(--band); }
.pill { display: inline-block; padding: 0 .55rem; border-radius: 1rem; font-size: .82rem; }
.passed { color: var(--pass); background: var(--pass-wash); } .failed, .unexpected { color: var(--fail); background: var(--fail-wash); }
.skipped { color: var(--skip); } .varies, .expected { color: var(--vary); background: var(--vary-wash); }
summary { cursor: pointer; } summary code { color: var(--faint); font-size: .82rem; }
details[open] > summary { margin-bottom: .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem .9rem; margin: .25rem 0 .75rem; font-size: .88rem; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
pre { margin: .25rem 0 .75rem; padding: .6rem .8rem; border-radius: .4rem; background: var(--band); overflow-x: auto; font-size: .8rem; line-height: 1.45; max-width: 44rem; }
code { font-family: ui-monospace, monospace; }
`;

const labels: Readonly<Record<Verdict, readonly [string, string]>> = {
  passed: ['passed', '\u2713 passes'],
  failed: ['failed', '\u2717 fails'],
  skipped: ['skipped', '\u2013 not run'],
  'expected failure': ['expected', '\u2717 fails, as listed'],
  'unexpected pass': ['unexpected', '\u2713 passes, though listed'],
};

const mark = (outcome: Outcome | undefined, expected: ExpectedFailures): string => {
  if (outcome === undefined) return '';
  const verdict = verdictOf(outcome, expected);
  const [style, label] =
    outcome.variant !== undefined && verdict === 'passed'
      ? ['varies', `\u25cb ${outcome.variant}`]
      : labels[verdict];
  return `<span class="pill ${style}">${escapeXml(label)}</span>`;
};

const hostCard = (report: HostReport, expected: ExpectedFailures): string => {
  const counts = tally(report, expected);
  const run = report.outcomes.length - counts.skipped;
  const passed = counts.passed + counts['unexpected pass'];
  const share = run === 0 ? 0 : Math.floor((1000 * passed) / run) / 10;
  return `<div class="host"><b>${escapeXml(report.host)}</b> <span>${escapeXml(report.version)}</span>
<div class="score">${share}&#8239;%</div>
<div class="bar"><i class="p" style="flex:${passed}"></i><i class="f" style="flex:${run - passed}"></i></div>
<span>${passed} of ${run} cases${counts.skipped === 0 ? '' : `, ${counts.skipped} not run`}</span></div>`;
};

const modulesOf = (item: Case): string =>
  Object.entries(item.modules)
    .map(
      ([name, source]) =>
        `<dt>${escapeXml(name)}</dt><dd><pre><code>${escapeXml(expand(source).trim())}</code></pre></dd>`,
    )
    .join('');

const resultsOf = (item: Case, reports: readonly HostReport[]): string =>
  reports
    .flatMap((report) => {
      const outcome = report.outcomes.find((one) => one.case.id === item.id);
      if (outcome?.detail === undefined) return [];
      const again =
        outcome.status === 'failed'
          ? `<pre><code>${escapeXml(reproduction(report, outcome))}</code></pre>`
          : '';
      return [
        `<dt>${escapeXml(report.host)} ${escapeXml(report.version)}</dt><dd>${escapeXml(outcome.detail)}${again}</dd>`,
      ];
    })
    .join('');

const caseRow = (item: Case, reports: readonly HostReport[], expected: ExpectedFailures): string => {
  const marks = reports.map((report) => {
    const outcome = report.outcomes.find((one) => one.case.id === item.id);
    return `<td class="mark">${mark(outcome, expected)}</td>`;
  });
  return `<tr><td><details><summary>${escapeXml(item.title)} <code>${escapeXml(item.id)}</code></summary>
<dl><dt>why</dt><dd>${escapeXml(item.source)}</dd>${resultsOf(item, reports)}${modulesOf(item)}</dl></details></td>${marks.join('')}</tr>`;
};

/** The page. Reports of several hosts have the same cases. */
export const htmlReport = (reports: readonly HostReport[], expected: ExpectedFailures): string => {
  const cases = reports[0]?.outcomes.map((outcome) => outcome.case) ?? [];
  const heads = reports.map(
    ({ host, version }) => `<th class="mark">${escapeXml(host)}<br>${escapeXml(version)}</th>`,
  );
  const sections = (Object.keys(levels) as Level[]).flatMap((level) => {
    const own = cases.filter((item) => levelOf(item) === level);
    if (own.length === 0) return [];
    const rows = own.map((item) => caseRow(item, reports, expected));
    return [
      `<h2 id="${level}">${level}<small>${escapeXml(levels[level])}</small></h2>
<div class="scroll"><table><thead><tr><th>case</th>${heads.join('')}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div>`,
    ];
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Extism host conformance</title><style>${STYLE}</style></head><body>
<h1>Extism host conformance</h1>
<p>What plug-ins can rely on, tried on ${reports.length === 1 ? 'one host' : `${reports.length} hosts`} with ${cases.length} cases. A case requires what the official kernel does, what the SDKs agree on, or what is safe. Where they differ and none is wrong (\u25cb), the page says what was seen. Open a case for its reason, its plug-in and a command that runs it again.</p>
<div class="hosts">${reports.map((report) => hostCard(report, expected)).join('\n')}</div>
${sections.join('\n')}
</body></html>
`;
};
