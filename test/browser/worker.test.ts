import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { builtinModules } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { estimates } from '../../scripts/browser/estimates.js';
import { launchChromium } from './chromium.js';

const root = join(import.meta.dirname, '../..');
const log = readFileSync(join(root, 'fixtures/traces/shared-budget-300/requests.jsonl'), 'utf8');

const forBrowsers = {
  bundle: true,
  platform: 'browser',
  format: 'esm',
  target: 'es2022',
  conditions: ['@stepclock/source'],
  write: false,
  metafile: true,
  logLevel: 'silent',
} as const satisfies BuildOptions;

const BUILTINS = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/** What the charts load when a PNG is drawn, which is Node's work: nothing else of them asks for it. */
const NATIVE = ['@resvg/resvg-js'];

describe('packages that run in a browser', () => {
  const packages = [
    'numerics',
    'faults',
    'model-file',
    'step-cost',
    'nnls-solver',
    'trace-io',
    'overlap-pressure',
    'engine-sim',
    'regression',
    'beta-estimators',
    'step-model',
  ];
  const reached = async (entry: Pick<BuildOptions, 'entryPoints' | 'stdin'>): Promise<readonly string[]> => {
    const { metafile } = await build({ ...forBrowsers, ...entry, external: [...BUILTINS, ...NATIVE] });
    return Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
      imports.filter(({ path }) => BUILTINS.has(path)).map(({ path }) => `${file} imports ${path}`),
    );
  };

  it.each(packages)('%s reaches no Node built-in', async (name) => {
    expect(await reached({ entryPoints: [join(root, 'packages', name, 'src/index.ts')] })).toEqual([]);
  });

  it('a built-in would be seen', async () => {
    expect(await reached({ stdin: { contents: "import 'node:fs'; import 'zlib';" } })).toEqual([
      '<stdin> imports node:fs',
      '<stdin> imports zlib',
    ]);
  });
});

describe('a module worker in Chromium', () => {
  let browser: Browser;
  let server: Server;

  beforeAll(async () => {
    const bundle = await build({ ...forBrowsers, entryPoints: [join(root, 'scripts/browser/worker.ts')] });
    const script = bundle.outputFiles[0]?.text ?? '';
    server = createServer((request, response) => {
      const isScript = request.url === '/worker.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<!doctype html><title>worker</title>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it('estimates what Node estimates, to the last digit', async () => {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const answer = await page.evaluate(
      (text) =>
        new Promise<{ estimates?: string; error?: string }>((resolve) => {
          const worker = new Worker('/worker.js', { type: 'module' });
          worker.onerror = ({ message }) => resolve({ error: message });
          worker.onmessage = ({ data }) => resolve(data);
          worker.postMessage(text);
        }),
      log,
    );
    expect(answer.error).toBeUndefined();
    expect(JSON.parse(answer.estimates ?? '{}').log.slice(0, 2)).toEqual(['request-log', 600]);
    expect(answer.estimates).toBe(await estimates(log));
    await page.close();
  });
});
