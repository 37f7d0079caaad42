import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../../test/browser/chromium.js';
import { builtPage, openPage, staticHost } from '../../test/browser/page/built-page.js';
import { CATEGORIES, type Spent, TraceTimes } from './trace-times.js';

/**
 * How fast the page is in Chromium: the first result, the longest task of the page's own thread, frames while panning, what a slider takes.
 * Each by the wall, and by what its threads had of a core: on a busy machine the second tells what a quiet one would take.
 */

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'stepclock-page-speed-'));

const simulated = (name: string, words: readonly string[], as: 'output' | 'steps' = 'output'): string => {
  const path = join(folder, name);
  const paths = as === 'output' ? ['--output', path] : ['--output', join(folder, 'requests.json'), '--steps', path];
  const program = ['--conditions=@stepclock/source', '--import', 'tsx', join(root, 'apps/cli/src/bin.ts'), 'simulate'];
  execFileSync(process.execPath, [...program, ...words, '--seed', '1', '--to', 'vllm-bench', ...paths]);
  return path;
};

/** Marks when a part of the page is first there, with all its parts that come before. */
const markParts = (parts: readonly (readonly [mark: string, selector: string])[]): void => {
  const missing = new Map(parts);
  const look = (): void => {
    for (const [mark, selector] of missing) {
      if (document.querySelector(selector) === null) continue;
      performance.mark(mark);
      missing.delete(mark);
    }
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  addEventListener('change', () => performance.mark('given'), { capture: true, once: true });
};

/** Pans frame by frame. @returns milliseconds from one frame to the next, shortest first */
const panned = (frames: number): Promise<number[]> =>
  new Promise((resolve) => {
    const canvas = document.querySelector('.timeline');
    const gaps: number[] = [];
    let before = performance.now();
    const frame = (now: number): void => {
      gaps.push(now - before);
      before = now;
      const deltaX = gaps.length % 60 < 30 ? 12 : -12;
      canvas?.dispatchEvent(new WheelEvent('wheel', { deltaX, cancelable: true, bubbles: true }));
      if (gaps.length < frames) requestAnimationFrame(frame);
      else resolve(gaps.slice(5).sort((a, b) => a - b));
    };
    requestAnimationFrame(frame);
  });

/** Moves a slider a stop and waits for its answer, with marks on both. */
const slid = (): Promise<void> =>
  new Promise((resolve) => {
    const [slider] = document.querySelectorAll<HTMLInputElement>('.sliders input');
    const facts = document.querySelector('#what-if .facts');
    if (slider === undefined || facts === null) throw new Error('no slider');
    const observer = new MutationObserver(() => {
      performance.mark('answered');
      observer.disconnect();
      resolve();
    });
    observer.observe(facts, { childList: true, subtree: true, characterData: true });
    performance.mark('moved');
    slider.value = String(Number(slider.value) - 3);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  });

const recorded = async (browser: Browser, page: Page, what: () => Promise<void>): Promise<TraceTimes> => {
  await browser.startTracing(page, { categories: CATEGORIES });
  await what();
  return new TraceTimes(await browser.stopTracing());
};

const sec = (spent: Spent | null): string =>
  spent === null ? 'none' : `${spent.wallSec.toFixed(2)} s (${spent.coreSec.toFixed(2)} s of a core)`;
const ms = ({ wallSec, coreSec }: Spent): string =>
  `${(1e3 * wallSec).toFixed(0)} ms (${(1e3 * coreSec).toFixed(0)} ms of a core)`;

const logs = [
  ['1 MB', simulated('small.json', ['--requests', '850', '--rate', '8', '--output-mean', '150'])],
  ['4 million token times', simulated('large.json', ['--requests', '17000', '--rate', '8', '--output-mean', '235'])],
  ['a million steps', simulated('steps.csv', ['--requests', '6100', '--rate', '0.5', '--output-mean', '235'], 'steps')],
] as const;

console.log(`${cpus().length} cores, load average ${loadavg()[0]?.toFixed(1)}`);
const browser = await launchChromium();
const { server, address } = await staticHost(await builtPage());
try {
  for (const [what, path] of logs) {
    const { page } = await openPage(browser, address);
    // The runner that strips the types leaves calls of it in functions.
    await page.evaluate('globalThis.__name = (named) => named');
    await page.evaluate(markParts, [
      ['first', '[data-headline]'],
      ['timeline', '#timeline'],
    ] as const);
    const times = await recorded(browser, page, async () => {
      await page.setInputFiles('[aria-label="Log files"]', path);
      await page.locator('#timeline').waitFor({ timeout: 240_000 });
      await page.locator('.progress').waitFor({ state: 'detached', timeout: 240_000 });
      await page.waitForTimeout(500);
    });
    console.log(
      `${what} (${(statSync(path).size / 1e6).toFixed(1)} MB): ${await page.textContent('.heading')}\n  first result ${sec(times.workersUntil('given', 'first'))}, timeline ${sec(times.workersUntil('given', 'timeline'))}\n  longest task of the page's thread ${ms(times.longestTask())}`,
    );
    await page.locator('.stage').focus();
    for (const presses of [2, 8, 16]) {
      await page.keyboard.press('0');
      for (let k = 0; k < presses; k++) await page.keyboard.press('ArrowUp');
      const frames = 120;
      let gaps: number[] = [];
      const panning = await recorded(browser, page, async () => {
        gaps = await page.evaluate(panned, frames);
      });
      const at = (share: number): string => (1000 / gaps[Math.floor(share * gaps.length)]).toFixed(0);
      console.log(
        `  panning over 1/${Math.round(1.4 ** presses)} of it: ${at(0.5)} frames a second (95 % of them ${at(0.95)} or more); a frame takes ${((1e3 * panning.pageSec()) / frames).toFixed(1)} ms of a core`,
      );
    }
    if ((await page.locator('.sliders').count()) > 0) {
      await page.locator('#what-if .facts').waitFor({ timeout: 60_000 });
      const sliding = await recorded(browser, page, () => page.evaluate(slid));
      console.log(`  a slider's answer ${sec(sliding.workersUntil('moved', 'answered'))}`);
    }
    await page.context().close();
  }
} finally {
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}
