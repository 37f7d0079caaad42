import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';

export interface OpenReport {
  readonly page: Page;
  /** Errors and warnings of the console, uncaught errors. */
  readonly complaints: string[];
  /** Everything that was asked for beyond the page itself. */
  readonly requests: string[];
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  readonly script?: boolean;
}

/** Opens a report from its file, as a reader does who got it by mail. */
export const openReport = async (browser: Browser, path: string, options: OpenOptions = {}): Promise<OpenReport> => {
  const { width = 1280, height = 900, dark = false, script = true } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    javaScriptEnabled: script,
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  const address = pathToFileURL(path).href;
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`${error}`));
  page.on('dialog', async (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== address) requests.push(request.url());
  });
  await page.goto(address);
  return { page, complaints, requests, close: () => context.close() };
};

/** Scrolls through the report until every chart has come to life. */
export const enlivenAll = async (page: Page): Promise<void> => {
  const plots = page.locator('.plot');
  for (let i = 0; i < (await plots.count()); i++) {
    await plots.nth(i).scrollIntoViewIfNeeded();
    await page.waitForSelector(`#${await plots.nth(i).getAttribute('id')}[data-alive]`);
  }
  await page.evaluate(() => window.scrollTo(0, 0));
};
