import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PageServer, servePage } from '../../../apps/cli/src/commands/page/page-server.js';
import { launchChromium } from '../chromium.js';
import { builtPage, fixture } from './built-page.js';

let browser: Browser;
let served: PageServer;
const log = join(tmpdir(), `stepclock-open-${process.pid}.jsonl`);
const NAME = '"><img src=x onerror="window.hit=1"> </title>.jsonl';

beforeAll(async () => {
  writeFileSync(log, fixture('traces/shared-budget-300/requests.jsonl'));
  const [folder, launched] = await Promise.all([builtPage(), launchChromium()]);
  browser = launched;
  served = await servePage(folder, [{ path: log, name: NAME }]);
});

afterAll(async () => {
  await browser?.close();
  served?.server.close();
});

/** The status of a request with headers of its own. */
const statusOf = (address: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<number> =>
  new Promise((resolve, reject) => {
    const { hostname, port, pathname } = new URL(address);
    get({ hostname, port, path: pathname, headers, method }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on('error', reject);
  });

it('the page has its file by one request under the token, and its name stays text', async () => {
  const page = await browser.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(served.address);
  await page.locator('[data-headline]').waitFor();
  expect(await page.textContent('.heading')).toContain(NAME);
  expect(await page.evaluate(() => (window as { hit?: number }).hit)).toBeUndefined();
  expect(requests.filter((url) => !url.startsWith(served.address))).toEqual([]);
  expect(requests.filter((url) => url.includes('/files/'))).toEqual([`${served.address}files/0`]);
  expect(complaints).toEqual([]);
  await page.close();
});

it.each([
  ['without the token', '/', {}],
  ['with another token', '/AAAAAAAAAAAAAAAAAAAAAAAA/files/0', {}],
  ['from another site', 'files/0', { origin: 'https://example.org' }],
  ['from another port of this machine', 'files/0', { origin: 'http://127.0.0.1:1' }],
  ['from a site that hides its name', 'files/0', { origin: 'null' }],
  ['that a browser calls cross-site', 'files/0', { 'sec-fetch-site': 'cross-site' }],
  ['under another name of this machine', 'files/0', { host: 'evil.example' }],
] as const)('a request %s is refused', async (_what, path, headers) => {
  expect(await statusOf(new URL(path, served.address).href, headers)).toBe(403);
});

it('answers its own page, and nothing but files by GET', async () => {
  const own = new URL(served.address);
  expect(await statusOf(served.address, { origin: own.origin, 'sec-fetch-site': 'same-origin' })).toBe(200);
  expect(await statusOf(`${served.address}files/0`)).toBe(200);
  expect(await statusOf(`${served.address}files/1`)).toBe(404);
  expect(await statusOf(`${served.address}..%2f..%2fetc/passwd`)).toBe(404);
  expect(await statusOf(served.address, {}, 'POST')).toBe(405);
});

it('another site in the same browser reads nothing', async () => {
  const page = await browser.newPage();
  await page.goto('data:text/html,<title>another</title>');
  const read = await page.evaluate(
    (address) =>
      fetch(`${address}files/0`).then(
        (response) => response.text(),
        () => 'refused',
      ),
    served.address,
  );
  expect(read).toBe('refused');
  await page.close();
});
