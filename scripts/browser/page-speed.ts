import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchChromium } from '../../test/browser/chromium.js';
import { builtPage, openPage, staticHost } from '../../test/browser/page/built-page.js';

/** How fast the page is in Chromium: the first result, the longest task of the page's own thread, frames while panning. */

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'stepclock-page-speed-'));

const simulated = (name: string, words: readonly string[], as: 'output' | 'steps' = 'output'): string => {
  const path = join(folder, name);
  const paths = as === 'output' ? ['--output', path] : ['--output', join(folder, 'requests.json'), '--steps', path];
  const program = ['--conditions=@stepclock/source', '--import', 'tsx', join(root, 'apps/cli/src/bin.ts'), 'simulate'];
  execFileSync(process.execPath, [...program, ...words, '--seed', '1', '--to', 'vllm-bench', ...paths]);
  return path;
};

/** Counts tasks of the page's own thread that take 50 ms and more. */
const watchTasks = (): void => {
  const longest: { sec: number } = { sec: 0 };
  Object.assign(window, { longest });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest.sec = Math.max(longest.sec, duration / 1e3);
  }).observe({ type: 'longtask', buffered: true });
};

/** Pans frame by frame. @returns the median and the 95th percentile of the time between two frames, ms */
const panned = (frames: number): Promise<readonly [number, number]> =>
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
      else {
        const sorted = gaps.slice(5).sort((a, b) => a - b);
        resolve([sorted[sorted.length >> 1], sorted[Math.floor(0.95 * sorted.length)]]);
      }
    };
    requestAnimationFrame(frame);
  });

const logs = [
  ['1 MB', simulated('small.json', ['--requests', '850', '--rate', '8', '--output-mean', '150'])],
  ['4 million token times', simulated('large.json', ['--requests', '17000', '--rate', '8', '--output-mean', '235'])],
  ['a million steps', simulated('steps.csv', ['--requests', '6100', '--rate', '0.5', '--output-mean', '235'], 'steps')],
] as const;

const browser = await launchChromium();
const { server, address } = await staticHost(await builtPage());
try {
  for (const [what, path] of logs) {
    const { page } = await openPage(browser, address);
    // The runner that strips the types leaves calls of it in functions.
    await page.evaluate('globalThis.__name = (named) => named');
    await page.evaluate(watchTasks);
    const started = Date.now();
    await page.setInputFiles('[aria-label="Log files"]', path);
    await page.locator('[data-headline]').waitFor({ timeout: 240_000 });
    const first = (Date.now() - started) / 1e3;
    await page.locator('#timeline').waitFor({ timeout: 240_000 });
    const timeline = (Date.now() - started) / 1e3;
    await page.locator('.progress').waitFor({ state: 'detached', timeout: 240_000 });
    const all = (Date.now() - started) / 1e3;
    const longest = await page.evaluate<number>('longest.sec');
    console.log(
      `${what} (${(statSync(path).size / 1e6).toFixed(1)} MB): ${await page.textContent('.heading')}\n  first result ${first.toFixed(2)} s, timeline ${timeline.toFixed(2)} s, everything ${all.toFixed(2)} s; longest task of the page's thread ${longest === 0 ? 'below 50 ms' : `${(1e3 * longest).toFixed(0)} ms`}`,
    );
    await page.locator('.stage').focus();
    for (const presses of [2, 8, 16]) {
      await page.keyboard.press('0');
      for (let k = 0; k < presses; k++) await page.keyboard.press('ArrowUp');
      const [median, slow] = await page.evaluate(panned, 120);
      console.log(
        `  panning over 1/${Math.round(1.4 ** presses)} of it: ${(1000 / median).toFixed(0)} frames a second (95 % of them ${(1000 / slow).toFixed(0)} or more)`,
      );
    }
    await page.context().close();
  }
} finally {
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}
