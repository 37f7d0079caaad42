import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { histogramSpec, renderReport, renderSvg } from '@stepclock/charts';
import { type EstimateReportInput, estimateReport } from '@stepclock/step-model';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { capture } from '../../apps/cli/test/capture.js';
import { sampleEstimate } from '../../packages/step-model/test/sample-estimate.js';
import { launchChromium } from './chromium.js';
import { enlivenAll, type OpenReport, openReport } from './open-report.js';
import { commandReports, type ReportSources } from './sample-reports.js';

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
});

const ATTACKS = [
  '<script>window.hit=1</script>',
  '</script><script>window.hit=2</script>',
  '<img src=x onerror="window.hit=3">',
  '"><svg onload=window.hit=4>',
  "' onmouseover='window.hit=5",
  '<!--<script>',
  ['$', '{window.hit=6}'].join(''),
  '{{constructor.constructor("window.hit=7")()}}',
  ']]><script>window.hit=8</script>',
  'javascript:window.hit=9',
  '__proto__',
];

/** Attacks that a file name can hold, with what else a name may bring along. */
const NAME = '\u202e"><img src=x onerror="window.hit=10">\u2028 javascript:window.hit=11 \'&lt;';
const TEXT = '</script><script>window.hit=12</script><!--"\u2029\u202e';

/** The fixtures with hostile names of files, models, GPUs and requests. */
const hostileSources = (folder: string): ReportSources => {
  const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '../../fixtures', name), 'utf8');
  mkdirSync(folder, { recursive: true });
  const written = (ending: string, text: string): string => {
    const path = join(folder, `${NAME}.${ending}`);
    writeFileSync(path, text);
    return path;
  };
  const inCsv = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const requests = fixture('traces/shared-budget-300/requests.jsonl').split('\n').slice(0, 60);
  writeFileSync(
    join(folder, 'meta.json'),
    fixture('traces/shared-budget-300/meta.json').replace('"simulated"', JSON.stringify(TEXT)),
  );
  const named = requests.map((line) =>
    JSON.stringify({ ...JSON.parse(line), request_id: `${TEXT}${line.length}${line}` }),
  );
  return {
    trace: written('jsonl', named.join('\n')),
    steps: written('steps.csv', fixture('step-time/synthetic_one_outlier.csv')),
    modelName: TEXT,
    tokens: written('tokens.csv', fixture('token2metrics/synthetic.csv').replaceAll('\n14B,', `\n${inCsv(TEXT)},`)),
    stages: written('stages.csv', fixture('stage/two-gpus.csv').replaceAll(',GPU-M,', `,${inCsv(TEXT)},`)),
    gpus: ['GPU-L', TEXT],
  };
};

/** Every text of the input becomes one attack after another, from the given one on; numbers and columns stay. */
const attacked = (input: unknown, first: number): unknown => {
  let next = first;
  const attack = (): string => ATTACKS[next++ % ATTACKS.length] ?? '';
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string') return attack();
    if (typeof value === 'function') {
      const text = attack();
      return () => text;
    }
    if (Array.isArray(value)) return value.map(visit);
    if (ArrayBuffer.isView(value) || typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, visit(child)]));
  };
  return visit(input);
};

let nextPoint = 0;

/** Whether the next point shows its tip: one that lies under another mark does not. */
const tipOfSomePoint = async (page: Page): Promise<boolean> => {
  const points = page.locator('#figure-1 .mark-symbol.role-mark path');
  const point = points.nth(nextPoint++ % (await points.count()));
  await point.scrollIntoViewIfNeeded();
  await point.hover({ force: true });
  return page.locator('.tip.shown').isVisible();
};

/** Nothing of the attacks ran, and nothing of them became an element. */
const expectUnharmed = async ({ page, complaints, requests }: OpenReport): Promise<void> => {
  expect(await page.evaluate(() => (window as { hit?: number }).hit)).toBeUndefined();
  expect(await page.locator('img, iframe, object, embed, base, form:not(.vega-bindings)').count()).toBe(0);
  expect(await page.locator('a:not([href^="#"])').count()).toBe(0);
  expect(await page.locator('script').count()).toBe(3);
  expect(complaints).toEqual([]);
  expect(requests).toEqual([]);
};

it.each([0, 3, 6, 9])('texts that attack the page stay texts (from attack %i on)', async (first) => {
  const clean = sampleEstimate({ phases: 120 });
  const input: EstimateReportInput = {
    ...(attacked(clean, first) as EstimateReportInput),
    coefficients: clean.coefficients,
    ...(clean.model === undefined ? {} : { model: clean.model }),
  };
  const path = join(tmpdir(), `stepclock-injection-${process.pid}.html`);
  writeFileSync(path, await renderReport(estimateReport(input)));
  const opened = await openReport(browser, path);
  const { page } = opened;
  await enlivenAll(page);
  await expect.poll(() => tipOfSomePoint(page), { timeout: 60_000, interval: 100 }).toBe(true);
  expect(await page.locator('.tip.shown').textContent()).toContain(input.phases?.label?.(0));
  expect(await page.textContent('h1')).toBe(input.title);
  await expectUnharmed(opened);
  await opened.close();
});

it('names of files, models, GPUs and requests stay texts in every report of the command line', async () => {
  const folder = join(tmpdir(), `stepclock-hostile-${process.pid}`);
  const reports = await commandReports(join(folder, 'reports'), hostileSources(folder));
  expect(Object.keys(reports)).toHaveLength(6);
  for (const path of Object.values(reports)) {
    const opened = await openReport(browser, path);
    await enlivenAll(opened.page);
    await expectUnharmed(opened);
    await opened.close();
  }
});

it('figures in files carry plain names, and hostile titles as text', async () => {
  const folder = join(tmpdir(), `stepclock-hostile-figures-${process.pid}`);
  const { trace } = hostileSources(folder);
  const { code } = await capture(['estimate', trace, '--figures', join(folder, 'figures')]);
  expect(code).toBe(0);
  const files = readdirSync(join(folder, 'figures'));
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((file) => !/^\d\d_[a-z0-9_]+\.(svg|png)$/.test(file))).toEqual([]);
  const hostile = await renderSvg(
    histogramSpec({ title: TEXT, x: { label: NAME, unit: TEXT }, series: [{ name: NAME, values: [1, 2] }] }),
  );
  const page = await browser.newPage();
  await page.setContent(hostile);
  expect(await page.locator('img, script').count()).toBe(0);
  expect(await page.evaluate(() => (window as { hit?: number }).hit)).toBeUndefined();
  await page.close();
});
