import { describeAdapter } from '../gpu/adapter.ts';
import { intervalsText } from './comparison_text.ts';
import { cureTables, type TextTable } from './cure_tables.ts';
import type { CuresFile } from './cures_file.ts';
import { html } from './markup.ts';
import { reportPage } from './report_page.ts';

/** A test of cures as one HTML page, written by `wgrad compare --cures --report`: it loads nothing and runs no script. */
export function curesReport(file: CuresFile): string {
  const title = 'Cures of vanishing and exploding gradients';
  const seeds = new Set(file.runs.map(({ seed }) => seed)).size;
  return reportPage(
    title,
    html`<p class="lead">Each cure alone, beside the same network without it, from the same seeds. ${intervalsText(seeds)}
p of paired t-tests after Holm's correction for all cures and figures of a network; * where a figure differs beyond noise.</p>
${cureTables(file, (text) => `${text} *`).map(
  ({ network, means, differences, leftOut }) => html`
<h2>${network.name}: ${network.words}</h2>
${tableOf(means)}
${leftOut.map((line) => html`<p>${line}</p>`)}
<h3>Differences to the untreated network</h3>
${tableOf(differences)}`,
)}
<h2>To repeat it</h2>
<pre>${file.command}</pre>
<p>wgrad ${file.versions.wgrad}, ${file.versions.chrome}, ${describeAdapter(file.adapter)}</p>`,
  );
}

const tableOf = ({ head, rows, differs }: TextTable) => html`<div class="scroll"><table>
<thead><tr>${head.map((name, i) => html`<th scope="col"${i > 0 && html` class="number"`}>${name}</th>`)}</tr></thead>
<tbody>${rows.map(
  (cells, row) => html`
<tr${differs[row] && html` class="differs"`}>${cells.map((cell, i) => html`<td${i > 0 && html` class="number"`}>${cell}</td>`)}</tr>`,
)}
</tbody></table></div>`;
