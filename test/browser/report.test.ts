import { readFileSync, statSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from './chromium.js';
import { weakTexts } from './contrast.js';
import { layoutFaults } from './layout-faults.js';
import { enlivenAll, openReport } from './open-report.js';
import { sampleReports } from './sample-reports.js';

let browser: Browser;
const paths = await sampleReports();

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
});

/** Sizes and looks that one open report goes through, as a reader's window does. */
const VIEWS = [
  { name: 'a desk', width: 1280, scheme: 'light' },
  { name: 'a tablet', width: 820, scheme: 'light' },
  { name: 'a phone', width: 390, scheme: 'light' },
  { name: 'a small phone, dark', width: 320, scheme: 'dark' },
  { name: 'the desk again, dark', width: 1280, scheme: 'dark' },
] as const;

/** What paper would show. */
const printedLook = (page: Page) =>
  page.evaluate(() => ({
    ink: getComputedStyle(document.documentElement).getPropertyValue('--chart-ink').trim(),
    page: getComputedStyle(document.body).backgroundColor,
    buttons: [...document.querySelectorAll('button')].filter((button) => button.getBoundingClientRect().width > 0)
      .length,
    outside: [...document.querySelectorAll('.plot svg')].filter(
      (svg) => svg.getBoundingClientRect().right > window.innerWidth + 1,
    ).length,
  }));

describe.concurrent.each(Object.entries(paths))('the report of %s', (_, path) => {
  it('is under 3 MB', ({ expect }) => {
    expect(statSync(path).size).toBeLessThan(3e6);
  });

  it('opens without complaint or request; nothing is cut or overlaps on any screen, all text is legible, and it prints', async ({
    expect,
  }) => {
    const { page, complaints, requests, close } = await openReport(browser, path);
    await enlivenAll(page);
    for (const view of VIEWS) {
      await page.emulateMedia({ colorScheme: view.scheme });
      await page.setViewportSize({ width: view.width, height: 900 });
      // Charts are drawn anew for the new width, one after another.
      await expect.poll(() => layoutFaults(page), { message: view.name, timeout: 30_000, interval: 250 }).toEqual([]);
      expect(await weakTexts(page), view.name).toEqual([]);
    }
    const paper = await page.pdf({ format: 'A4' });
    expect(paper.subarray(0, 5).toString()).toBe('%PDF-');
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 718, height: 1000 });
    const wanted = { ink: '#17202e', page: 'rgb(255, 255, 255)', buttons: 0, outside: 0 };
    await expect.poll(() => printedLook(page), { timeout: 30_000, interval: 250 }).toEqual(wanted);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([]);
    await close();
  });

  it('is whole without script: every chart a still picture, laid out as well', async ({ expect }) => {
    const unscripted = await openReport(browser, path, { script: false });
    expect(unscripted.requests).toEqual([]);
    expect(await unscripted.page.locator('.plot svg').count()).toBe(await unscripted.page.locator('.plot').count());
    expect(await unscripted.page.locator('#theme').isVisible()).toBe(false);
    await unscripted.close();
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    await page.setContent(readFileSync(path, 'utf8').replace(/<script>.*?<\/script>/gs, ''));
    expect(await layoutFaults(page)).toEqual([]);
    await context.close();
  });
});

it('the layout check sees what is cut and what overlaps', async () => {
  const { page, close } = await openReport(browser, estimate());
  await page.addStyleTag({
    content:
      'h3{width:30px;overflow:hidden;white-space:nowrap} .cards li{margin-right:-40px} .role-axis-label text{font-size:34px}',
  });
  const faults = (await layoutFaults(page)).join('\n');
  expect(faults).toContain('is cut');
  expect(faults).toContain('lies over');
  await close();
});

const estimate = (): string => {
  const path = paths['an estimate'];
  if (path === undefined) throw new Error('no report of an estimate');
  return path;
};

describe('a reader', () => {
  it('switches between light and dark', async () => {
    const { page, close } = await openReport(browser, estimate());
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await page.click('#theme');
    expect(await background()).not.toBe(light);
    expect(await page.textContent('#theme')).toBe('Light view');
    expect(await weakTexts(page)).toEqual([]);
    await page.click('#theme');
    expect(await background()).toBe(light);
    await close();
  });

  it('sees the numbers of a point under the mouse, and names of requests as text', async () => {
    const { page, close } = await openReport(browser, estimate());
    await enlivenAll(page);
    const point = page.locator('#figure-1 .mark-symbol.role-mark path').nth(5);
    await point.scrollIntoViewIfNeeded();
    await point.hover({ force: true });
    const tip = page.locator('.tip.shown');
    await tip.waitFor();
    expect(await tip.locator('th').allTextContents()).toEqual([
      'series',
      'row',
      'Observed duration (ms)',
      'Predicted duration (ms)',
    ]);
    expect((await tip.locator('td').allTextContents())[1]).toMatch(/^request-\d+$/);
    const box = await tip.boundingBox();
    expect(box !== null && box.x >= 0 && box.x + box.width <= 1280).toBe(true);
    await page.mouse.move(5, 5);
    await tip.waitFor({ state: 'detached' });
    await close();
  });

  it('sees tooltips of cells, lines, bars and areas too', async () => {
    const { page, close } = await openReport(browser, paths['every chart'] ?? '');
    await enlivenAll(page);
    for (const [figure, mark] of [
      ['Models', '.mark-rect'],
      ['Errors', '.mark-rect'],
      ['Compositions', '.mark-rect'],
      ['TTFT', '.mark-symbol'],
      ['Pressure', '.mark-symbol'],
      ['Requests', '.mark-rect'],
      ['Transfer', '.mark-symbol'],
    ]) {
      const box = page.locator('figure', { has: page.locator('h3', { hasText: new RegExp(`^${figure}$`) }) }).first();
      const target = box.locator(`.plot ${mark}.role-mark path`).nth(1);
      await target.scrollIntoViewIfNeeded();
      const tip = async (): Promise<number> => {
        await page.mouse.move(2, 2);
        await target.hover({ force: true });
        await page.waitForTimeout(300);
        return page.locator('.tip.shown td').count();
      };
      await expect.poll(tip, { message: figure ?? 'figure', timeout: 30_000 }).toBeGreaterThan(0);
      await page.mouse.move(2, 2);
    }
    await close();
  });

  it('picks a series by a click on the legend, and all of them again by a click beside it', async () => {
    const { page, close } = await openReport(browser, estimate());
    await enlivenAll(page);
    const figure = page.locator('#figure-1');
    const faint = () => figure.locator('.mark-symbol.role-mark path[opacity="0.08"]').count();
    expect(await faint()).toBe(0);
    const entry = figure.locator('.role-legend-label text').first();
    await entry.scrollIntoViewIfNeeded();
    await entry.click();
    await expect.poll(faint, { timeout: 20_000 }).toBeGreaterThan(0);
    await figure.locator('svg').click({ position: { x: 3, y: 3 } });
    await expect.poll(faint, { timeout: 20_000 }).toBe(0);
    await close();
  });

  it('saves a chart as an SVG that stands alone', async () => {
    const { page, close } = await openReport(browser, estimate(), { dark: true });
    await enlivenAll(page);
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.save').first().click()]);
    expect(download.suggestedFilename()).toBe('durations-of-prefill-phases.svg');
    const saved = readFileSync(await download.path(), 'utf8');
    expect(saved.startsWith('<svg')).toBe(true);
    expect(saved).not.toContain('var(');
    await close();
  });

  it('gets from the contents to a section', async () => {
    const { page, close } = await openReport(browser, estimate());
    await page.click('.contents a:has-text("Residuals")');
    await expect
      .poll(() =>
        page.evaluate(() =>
          Math.round(
            [...document.querySelectorAll('h2')].find((h) => h.textContent === 'Residuals')?.getBoundingClientRect()
              .top ?? 999,
          ),
        ),
      )
      .toBeLessThan(300);
    await close();
  });
});
