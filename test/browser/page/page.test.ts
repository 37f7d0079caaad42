import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from '../../../apps/cli/test/capture.js';
import { launchChromium } from '../chromium.js';
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

it('at most 1 MB, 350 kB packed, without source maps, and nothing of the renderers for Node', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));
  expect(files.filter((name) => !/\.(?:html|js|css|txt)$/.test(name))).toEqual([]);
  const sizes = files.filter((name) => !name.endsWith('.txt')).map((name) => join(folder, name));
  const total = (of: (path: string) => number): number => sizes.reduce((sum, path) => sum + of(path), 0);
  expect(total((path) => statSync(path).size)).toBeLessThanOrEqual(1_000_000);
  expect(total((path) => gzipSync(readFileSync(path), { level: 9 }).length)).toBeLessThanOrEqual(350_000);
});
