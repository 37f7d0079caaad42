import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '../../../apps/cli/test/capture.js';
import { launchChromium } from '../chromium.js';
import { weakTexts } from '../contrast.js';
import { builtPage, drop, fixture, openPage, staticHost } from './built-page.js';

const root = join(import.meta.dirname, '../../..');
const RAMP = 'traces/vllm-cpu/ramp/bench.json.gz';
const META = 'traces/vllm-cpu/ramp/meta.json';

let browser: Browser;
let server: Server;
let address: string;
let folder: string;

beforeAll(async () => {
  [folder, browser] = await Promise.all([builtPage(), launchChromium()]);
  ({ server, address } = await staticHost(folder));
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

interface ModelFile {
  readonly terms: readonly { readonly value: number }[];
  readonly input?: { readonly files?: { file?: string }[] };
}

/** What the program writes of a log, as an object. */
const programSays = async (verb: 'estimate' | 'steps', path: string) => {
  const { stdout } = await capture([verb, join(root, 'fixtures', path), '--json=-']);
  return JSON.parse(stdout) as ModelFile;
};

const coefficientsOn = (page: Page): Promise<(string | null)[]> =>
  page.locator('[data-seconds]').evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-seconds')));

/** The model's file that the page gives, without the names of files, which are not the same on both sides. */
const modelFrom = async (page: Page) => {
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Model as JSON' }).click(),
  ]);
  const chunks: Buffer[] = [];
  for await (const chunk of await saved.createReadStream()) chunks.push(Buffer.from(chunk));
  return nameless(JSON.parse(Buffer.concat(chunks).toString('utf8')));
};
const nameless = (model: ModelFile): ModelFile => {
  for (const file of model.input?.files ?? []) delete file.file;
  return model;
};

describe('a dropped log', () => {
  it.each([
    ['estimate', RAMP, [META]],
    ['estimate', 'traces/shared-budget-300/requests.jsonl', ['traces/shared-budget-300/meta.json']],
    ['steps', 'traces/vllm-cpu/steady/steps.csv.gz', []],
  ] as const)('says what stepclock %s says of %s, to the last digit, and asks nobody', async (verb, path, settings) => {
    const { page, complaints, requests } = await openPage(browser, address);
    await drop(
      page,
      [path, ...settings].map((name) => ({ name: name.slice(name.lastIndexOf('/') + 1), content: fixture(name) })),
    );
    await page.getByRole('button', { name: 'Model as JSON', disabled: false }).waitFor();
    const said = await programSays(verb, path);
    expect(await coefficientsOn(page)).toEqual(said.terms.map(({ value }) => String(value)));
    expect(await modelFrom(page)).toEqual(nameless(said));
    expect(await page.textContent('[data-headline]')).toMatch(
      /^A step costs .* before any token: .* % of the mean step of .*\.$/,
    );
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

it('markup in names of files and requests stays text, and nothing of it runs', async () => {
  const attack = '</script><img src=x onerror="window.hit=1"><svg onload=window.hit=2>';
  const { page, complaints, requests } = await openPage(browser, address);
  const lines = fixture('traces/shared-budget-300/requests.jsonl')
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line, i) => JSON.stringify({ ...JSON.parse(line), request_id: `${attack}${i}` }));
  await drop(page, [{ name: `${attack}.jsonl`, content: Buffer.from(lines.join('\n')) }]);
  await page.locator('#timeline').waitFor();
  expect(await page.textContent('.heading')).toContain(attack);
  // Over the first lane, where requests are.
  await page.locator('.timeline').evaluate((element) => element.scrollIntoView({ block: 'center' }));
  const box = await page.locator('.timeline').boundingBox();
  for (let share = 0.1; share < 0.9 && (await page.locator('.tip').count()) === 0; share += 0.02) {
    await page.mouse.move((box?.x ?? 0) + share * (box?.width ?? 0), (box?.y ?? 0) + 354);
  }
  expect(await page.locator('.tip').textContent()).toContain(attack);
  const [report] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Report as HTML' }).click(),
  ]);
  const path = join(folder, 'report.html');
  await report.saveAs(path);
  const written = readFileSync(path, 'utf8');
  expect(written).toContain('&lt;/script&gt;');
  expect(written).not.toMatch(/<script|<img/);
  expect(await page.locator('img').count()).toBe(0);
  expect(await page.evaluate(() => (window as { hit?: number }).hit)).toBeUndefined();
  expect([...complaints, ...requests]).toEqual([]);
  rmSync(path);
  await page.context().close();
});

it('malformed files show the message of the program, with line and column', async () => {
  const { page, complaints } = await openPage(browser, address);
  const names = readdirSync(join(root, 'fixtures/malformed')).filter((name) => !/\.error\.json$|README/.test(name));
  expect(names.length).toBeGreaterThan(50);
  for (const name of names) {
    await drop(page, [{ name, content: fixture(`malformed/${name}`) }]);
    const { stderr } = await capture(['estimate', join(root, 'fixtures/malformed', name)]);
    // The program says the whole path; what the engines of JavaScript say of JSON and gzip differs from version to version.
    const plain = (line: string | null | undefined): string | undefined =>
      line
        ?.replaceAll(/(?:\.\.\.|\/)[^ ]*?\/malformed\//g, '')
        .replace(/ in JSON at .*?;/, ';')
        .replace(/does not unpack \(.*/, 'does not unpack');
    const said = stderr.split('\n').find((line) => line.startsWith('stepclock: '));
    await expect
      .poll(async () => plain(await page.locator('.fault').textContent()), { message: name, timeout: 10_000 })
      .toBe(plain(said?.slice('stepclock: '.length)));
  }
  expect(complaints).toEqual([]);
  await page.context().close();
});

it('is walked through by keys alone', async () => {
  const { page } = await openPage(browser, address);
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
  const tabTo = async (text: string | RegExp): Promise<void> => {
    for (let k = 0; k < 80; k++) {
      await page.keyboard.press('Tab');
      if (new RegExp(text).test(await focused())) return;
    }
    throw new Error(`no way to ${text} by Tab`);
  };
  await tabTo('Show a real vLLM log');
  await page.keyboard.press('Enter');
  await page.locator('[data-what-if]').waitFor();
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const stage = page.locator('.stage');
  for (let k = 0; k < 20 && !(await stage.evaluate((element) => element === document.activeElement)); k++) {
    await page.keyboard.press('Tab');
  }
  for (const key of ['ArrowUp', 'ArrowUp', 'ArrowRight', '+', '-', 'n', 'n', 'p']) await page.keyboard.press(key);
  expect(await page.textContent('#timeline-step')).toMatch(/^step .*decode \d+ sequences.*measured .*model .*off /);
  await page.keyboard.press('Escape');
  const before = await page.textContent('[data-what-if]');
  const slider = page.getByRole('slider', { name: /TPOT p95 limit/ });
  await slider.focus();
  for (let k = 0; k < 25; k++) await page.keyboard.press('ArrowLeft');
  await expect.poll(() => page.textContent('[data-what-if]')).not.toBe(before);
  await tabTo('Link with these settings');
  await page.keyboard.press('Enter');
  expect(await page.inputValue('.link input')).toMatch(/#from=.*&to=.*&tpotMs=/);
  await page.context().close();
});

it('a second log is compared, pasted text is read, and a link brings its settings', async () => {
  const { page } = await openPage(browser, `${address}#theme=dark&tpotMs=20&ratePerSec=2`);
  expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
  const text = fixture('traces/shared-budget-300/requests.jsonl').toString('utf8');
  await page.evaluate((pasted) => {
    const data = new DataTransfer();
    data.setData('text/plain', pasted);
    dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  }, text);
  await page.locator('[data-what-if]').waitFor();
  expect(await page.textContent('#what-if')).toMatch(/TPOT p95 limit *20.00 ms/);
  const halved = text.replace(/\n[^\n]*\n?$/, '\n');
  await page.setInputFiles('[aria-label="Second log"]', {
    name: 'second.jsonl',
    mimeType: 'application/json',
    buffer: Buffer.from(halved),
  });
  expect(await page.locator('[data-comparison]').textContent()).toContain("On A's workload a step takes");
  await page.context().close();
});

it.each([
  [1280, 'light'],
  [400, 'dark'],
] as const)('at %i px, %s: nothing is cut, and every text has contrast', async (width, colorScheme) => {
  const { page } = await openPage(browser, address, { viewport: { width, height: 900 }, colorScheme });
  expect(await weakTexts(page)).toEqual([]);
  await page.getByRole('button', { name: 'Show a real vLLM log' }).click();
  await page.locator('[data-what-if]').waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  expect(await weakTexts(page)).toEqual([]);
  const unnamed = await page.evaluate(
    () =>
      [...document.querySelectorAll('canvas,button,input')].filter(
        (element) => !(element.getAttribute('aria-label') || element.textContent || element.closest('label')),
      ).length,
  );
  expect(unnamed).toBe(0);
  await page.context().close();
});

it('at most 1 MB, 350 kB packed, without source maps, and nothing of the renderers for Node', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));
  expect(files.filter((name) => !/\.(?:html|js|css|txt)$/.test(name))).toEqual([]);
  const sizes = files.filter((name) => !name.endsWith('.txt')).map((name) => join(folder, name));
  const total = (of: (path: string) => number): number => sizes.reduce((sum, path) => sum + of(path), 0);
  expect(total((path) => statSync(path).size)).toBeLessThanOrEqual(1_000_000);
  expect(total((path) => gzipSync(readFileSync(path), { level: 9 }).length)).toBeLessThanOrEqual(350_000);
});
