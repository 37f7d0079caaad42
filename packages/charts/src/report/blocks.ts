import { formatNumber, unbroken } from '../number-text.js';
import { html, Markup } from './markup.js';
import type { PageFigure } from './page-figures.js';
import type {
  KeyFigure,
  Provenance,
  ReportBlock,
  ReportWarning,
  TableCell,
  TableColumn,
  Verdict,
} from './report-data.js';

const TONES = { good: '✓ Good', caution: '! With care', bad: '✕ Not usable as it is' } as const;

export const verdictBox = (
  verdict: Verdict,
): Markup => html`<section class="verdict ${verdict.tone}" aria-label="Verdict">
<p class="tone">${TONES[verdict.tone]}</p>
<p class="headline">${unbroken(verdict.headline)}</p>
${bulletList(verdict.points ?? [])}
</section>`;

const bulletList = (items: readonly string[]): Markup =>
  items.length === 0 ? html`` : html`<ul>${items.map((item) => html`<li>${unbroken(item)}</li>`)}</ul>`;

export const keyFigureCards = (figures: readonly KeyFigure[]): Markup =>
  figures.length === 0
    ? html``
    : html`<ul class="cards">${figures.map(
        (figure) =>
          html`<li><span class="label">${figure.label}</span> <span class="value">${figure.value}${
            figure.unit === undefined ? '' : html` <span class="unit">${figure.unit}</span>`
          }</span>${figure.note === undefined ? '' : html` <span class="note">${unbroken(figure.note)}</span>`}</li>`,
      )}</ul>`;

export const warningList = (warnings: readonly ReportWarning[]): Markup =>
  html`<ul class="warnings">${warnings.map((warning) => html`<li><code>${warning.code}</code>${unbroken(warning.message)}</li>`)}</ul>`;

const cellText = (cell: TableCell): string =>
  cell === null ? 'n/a' : typeof cell === 'number' ? formatNumber(cell) : cell;

const tableCell = (cell: TableCell, column: TableColumn | undefined, first: boolean): Markup => {
  const kind = column?.kind === 'number' ? html` class="number"` : html``;
  return first ? html`<th scope="row"${kind}>${cellText(cell)}</th>` : html`<td${kind}>${cellText(cell)}</td>`;
};

/** A caption that only repeats the heading above it is for those who cannot see. */
const table = (
  block: Extract<ReportBlock, { kind: 'table' }>,
  heading: string,
): Markup => html`<div class="table" role="region" tabindex="0" aria-label="${block.caption}"><table>
<caption${block.caption === heading ? html` class="spoken"` : html``}>${block.caption}</caption>
<thead><tr>${block.columns.map(
  (column) => html`<th scope="col"${column.kind === 'number' ? html` class="number"` : html``}>${column.label}</th>`,
)}</tr></thead>
<tbody>${block.rows.map((row) => html`<tr>${row.map((cell, i) => tableCell(cell, block.columns[i], i === 0))}</tr>\n`)}</tbody>
</table></div>${block.note === undefined ? '' : html`<p class="note">${unbroken(block.note)}</p>`}`;

/** A file name that any system takes. */
const fileName = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60) || 'figure';

const groupHeading = ({ text, subtitle }: NonNullable<PageFigure['heading']>): Markup =>
  html`<div class="group"><h3>${text}</h3>${subtitle === undefined ? '' : html`<p>${unbroken(subtitle)}</p>`}</div>`;

const figureBox = (
  figure: PageFigure,
): Markup => html`${figure.heading === undefined ? '' : groupHeading(figure.heading)}<figure${figure.wide ? html` class="wide"` : html``} aria-labelledby="${figure.id}-title">
<div class="head"><div><h3 id="${figure.id}-title">${figure.title}</h3>${
  figure.subtitle === undefined ? '' : html`<p class="sub">${unbroken(figure.subtitle)}</p>`
}</div><button type="button" class="save needs-script" data-for="${figure.id}" data-name="${fileName(figure.title)}" aria-label="Save this figure as SVG">SVG</button></div>
<div class="plot" id="${figure.id}">${new Markup(figure.svg)}</div>
${figure.caption === undefined ? '' : html`<figcaption>${unbroken(figure.caption)}</figcaption>`}
</figure>`;

/** A block; `heading` is that of its section. */
export const blockMarkup = (block: ReportBlock, figures: readonly PageFigure[], heading: string): Markup => {
  switch (block.kind) {
    case 'text':
      return html`<p>${unbroken(block.text)}</p>`;
    case 'list':
      return bulletList(block.items);
    case 'facts':
      return html`<dl class="facts">${block.facts.map(
        (fact) =>
          html`<div><dt>${fact.label}</dt><dd${fact.value.length <= 18 ? html` class="short"` : html``}>${fact.value}</dd></div>`,
      )}</dl>`;
    case 'table':
      return table(block, heading);
    case 'figures':
      return html`<div class="figures">${figures.map(figureBox)}</div>`;
  }
};

const megabytes = (bytes: number): string =>
  bytes < 1e6 ? `${formatNumber(bytes / 1e3, 3)} kB` : `${formatNumber(bytes / 1e6, 3)} MB`;

/** The files that were read; columns that none of them fills are left out. */
const inputTable = (inputs: Provenance['inputs']): Markup => {
  const withHolds = inputs.some(({ holds }) => holds !== undefined);
  const withBytes = inputs.some(({ bytes }) => bytes !== undefined);
  const withDigest = inputs.some(({ sha256 }) => sha256 !== undefined);
  const numberHead = (label: string): Markup => html`<th scope="col" class="number">${label}</th>`;
  const number = (text: string): Markup => html`<td class="number">${text}</td>`;
  return html`<div class="table inputs" role="region" tabindex="0" aria-label="Inputs"><table><caption>Inputs</caption>
<thead><tr><th scope="col">File</th>${withHolds ? numberHead('Holds') : ''}${withBytes ? numberHead('Size') : ''}${
    withDigest ? html`<th scope="col">SHA-256</th>` : ''
  }</tr></thead>
<tbody>${inputs.map(
    ({ name, holds, bytes, sha256 }) =>
      html`<tr><th scope="row">${name}</th>${
        withHolds ? number(holds ?? '') : ''
      }${withBytes ? number(bytes === undefined ? '' : megabytes(bytes)) : ''}${
        withDigest ? html`<td><code>${sha256 ?? ''}</code></td>` : ''
      }</tr>`,
  )}</tbody></table></div>`;
};

export const provenanceSection = (provenance: Provenance): Markup => html`<section class="provenance" id="provenance">
<h2>How this report was made</h2>
<pre><code>${provenance.command}</code></pre>
${provenance.inputs.length === 0 ? '' : inputTable(provenance.inputs)}
<dl class="facts">${Object.entries(provenance.versions).map(
  ([name, version]) => html`<div><dt>${name}</dt><dd>${version}</dd></div>`,
)}${provenance.seed === undefined ? '' : html`<div><dt>seed</dt><dd>${`${provenance.seed}`}</dd></div>`}</dl>
</section>`;
