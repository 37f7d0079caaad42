import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EstimateReportInput, estimateReport, renderReport } from '@stepclock/charts';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sampleEstimate } from '../../packages/charts/test/sample-estimate.js';
import { launchChromium } from './chromium.js';
import { enlivenAll, openReport } from './open-report.js';

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

it.each([0, 3, 6, 9])('texts that attack the page stay texts (from attack %i on)', async (first) => {
  const clean = sampleEstimate({ phases: 120 });
  const input: EstimateReportInput = {
    ...(attacked(clean, first) as EstimateReportInput),
    coefficients: clean.coefficients,
    ...(clean.model === undefined ? {} : { model: clean.model }),
  };
  const path = join(tmpdir(), `stepclock-injection-${process.pid}.html`);
  writeFileSync(path, await renderReport(estimateReport(input)));
  const { page, complaints, requests, close } = await openReport(browser, path);
  await enlivenAll(page);
  const point = page.locator('#figure-1 .mark-symbol.role-mark path').nth(3);
  await point.scrollIntoViewIfNeeded();
  await point.hover({ force: true });
  await page.locator('.tip.shown').waitFor();
  expect(await page.locator('.tip.shown').textContent()).toContain(input.phases?.label?.(0));
  expect(await page.evaluate(() => (window as { hit?: number }).hit)).toBeUndefined();
  expect(await page.locator('img, iframe, object, embed, base, form:not(.vega-bindings)').count()).toBe(0);
  expect(await page.locator('script').count()).toBe(3);
  expect(await page.textContent('h1')).toBe(input.title);
  expect(complaints).toEqual([]);
  expect(requests).toEqual([]);
  await close();
});
