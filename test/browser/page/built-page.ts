import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { build } from 'vite';

const root = join(import.meta.dirname, '../../..');

/** Builds the page from today's sources. @returns its folder */
export const builtPage = async (): Promise<string> => {
  const outDir = await mkdtemp(join(tmpdir(), 'stepclock-page-'));
  await build({
    configFile: join(root, 'apps/web/vite.config.ts'),
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  });
  return outDir;
};

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** Serves the files of a folder, as a static host does. */
export const staticHost = async (folder: string): Promise<{ readonly server: Server; readonly address: string }> => {
  const server = createServer(({ url = '/' }, response) => {
    const path = url === '/' ? '/index.html' : url;
    try {
      response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
      response.end(readFileSync(join(folder, path)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error(`no port was bound: ${bound}`);
  return { server, address: `http://127.0.0.1:${bound.port}/` };
};

/** The page in a browser, with what it complained of and what it asked for once it was there. */
export interface OpenPage {
  readonly page: Page;
  readonly complaints: string[];
  readonly requests: string[];
}

export const openPage = async (
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> => {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    acceptDownloads: true,
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`${error}`));
  await page.goto(address, { waitUntil: 'networkidle' });
  page.on('request', ({ url }) => {
    // What is saved is an address of the page's own memory.
    if (!url().startsWith('blob:')) requests.push(url());
  });
  return { page, complaints, requests };
};

/** Drops files on the page, as a person does. */
export const drop = async (
  page: Page,
  files: readonly { readonly name: string; readonly content: Buffer }[],
): Promise<void> => {
  const given = files.map(({ name, content }) => ({ name, base64: content.toString('base64') }));
  const transfer = await page.evaluateHandle((list) => {
    const data = new DataTransfer();
    for (const { name, base64 } of list) {
      data.items.add(new File([Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0))], name));
    }
    return data;
  }, given);
  await page.dispatchEvent('.page', 'drop', { dataTransfer: transfer });
};

export const fixture = (path: string): Buffer => readFileSync(join(root, 'fixtures', path));
