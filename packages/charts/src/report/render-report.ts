import { unbroken } from '../number-text.js';
import { arrangedFigures } from './arrange-figures.js';
import { blockMarkup, keyFigureCards, provenanceSection, verdictBox, warningList } from './blocks.js';
import { CLIENT_SCRIPT } from './client-script.js';
import { html, Markup, scriptJson } from './markup.js';
import { type PageFigure, pageFigure } from './page-figures.js';
import type { ReportBlock, ReportData, ReportSection } from './report-data.js';
import { STYLE } from './style.js';
import { vegaRuntime } from './vega-runtime.js';

const hashOf = (script: string): string =>
  `'sha256-${process.getBuiltinModule('node:crypto').createHash('sha256').update(script).digest('base64')}'`;

/** Only our two scripts run, by their digests; nothing is fetched, framed, posted or evaluated. */
const policyOf = (scripts: readonly string[]): string =>
  `default-src 'none'; script-src ${scripts.map(hashOf).join(' ')}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'`;

type DrawnBlock = { readonly block: ReportBlock; readonly figures: readonly PageFigure[] };

const drawBlocks = async (sections: readonly ReportSection[]): Promise<DrawnBlock[][]> => {
  let number = 1;
  const drawn: DrawnBlock[][] = [];
  for (const section of sections) {
    const blocks: DrawnBlock[] = [];
    for (const block of section.blocks) {
      const figures: PageFigure[] = [];
      if (block.kind === 'figures') {
        for (const place of arrangedFigures(block.figures, number)) figures.push(await pageFigure(place));
        number += block.figures.length;
      }
      blocks.push({ block, figures });
    }
    drawn.push(blocks);
  }
  return drawn;
};

/**
 * One self-contained HTML page. It fetches nothing; charts are still pictures (SVG) that Vega, inlined, brings to life with
 * tooltips; it prints, and follows the reader's light or dark setting. All text is escaped, and a content security policy allows
 * no script but ours. The same data gives the same bytes.
 */
export const renderReport = async (report: ReportData): Promise<string> => {
  const drawn = await drawBlocks(report.sections);
  const runtime = vegaRuntime();
  const specs = Object.fromEntries(
    drawn.flat().flatMap(({ figures }) => figures.map((figure) => [figure.id, figure.vega])),
  );
  const warnings = report.warnings ?? [];
  const anchors = report.sections.map((section, i) => ({ id: `section-${i + 1}`, title: section.title }));
  return html`<!doctype html>
<html lang="en" class="no-script">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf([runtime, CLIENT_SCRIPT])}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="stepclock">
<title>${report.title}</title>
<link rel="icon" href="data:,">
<style>${new Markup(STYLE)}</style>
</head>
<body>
<div class="page">
<header><div><h1>${report.title}</h1>${
    report.subtitle === undefined ? '' : html`<p class="subtitle">${report.subtitle}</p>`
  }</div><button type="button" class="switch needs-script" id="theme">Dark view</button></header>
<main>
${verdictBox(report.verdict)}
${keyFigureCards(report.keyFigures ?? [])}
<nav class="contents" aria-label="Contents">${[
    ...(warnings.length === 0 ? [] : [{ id: 'warnings', title: `Warnings (${warnings.length})` }]),
    ...anchors,
    { id: 'provenance', title: 'How this report was made' },
  ].map((anchor) => html`<a href="#${anchor.id}">${anchor.title}</a>`)}</nav>
${warnings.length === 0 ? '' : html`<section id="warnings"><h2>Warnings</h2>${warningList(warnings)}</section>`}
${report.sections.map(
  (section, i) => html`<section id="${anchors[i]?.id}"><h2>${section.title}</h2>
${section.intro === undefined ? '' : html`<p>${unbroken(section.intro)}</p>`}
${drawn[i]?.map(({ block, figures }) => blockMarkup(block, figures, section.title))}
</section>
`,
)}
${provenanceSection(report.provenance)}
</main>
</div>
<script type="application/json" id="figures">${scriptJson(specs)}</script>
<script>${new Markup(runtime)}</script>
<script>${new Markup(CLIENT_SCRIPT)}</script>
</body>
</html>
`.toString();
};
