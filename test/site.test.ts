import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { brokenLinks } from '../scripts/site/broken-links.js';
import { sitePages } from '../scripts/site/pages.js';

const folder = mkdtempSync(join(tmpdir(), 'stepclock-site-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('every page of docs/ is in the site once, and its links are to what is there', () => {
  const { pages, sidebar } = sitePages(join(import.meta.dirname, '..'));
  const links = sidebar
    .flatMap(({ items }) => items.map(({ link }) => link))
    .filter((link) => !link.startsWith('/api'));
  expect(links.sort()).toEqual(
    pages.flatMap(({ file }) => (file === 'index.md' ? [] : [`/${file.replace(/\.md$/, '')}`])).sort(),
  );
  for (const { title } of pages) expect(title).not.toBe('');
});

it('a link that leads nowhere is found, in a page and at a place of one', () => {
  mkdirSync(join(folder, 'api'));
  writeFileSync(
    join(folder, 'index.html'),
    '<h2 id="here">x</h2><a href="#here">1</a><a href="#gone">2</a><a href="/api/">3</a><a href="./no.html">4</a><a href="https://example.org/no">5</a>',
  );
  writeFileSync(
    join(folder, 'api/index.html'),
    '<a href="../index.html#here">6</a><img src="no.svg"><a href="../#no">7</a>',
  );
  const { checked, broken } = brokenLinks(folder);
  expect(checked).toBe(7);
  expect([...broken].sort()).toEqual([
    'api/index.html: ../#no is no place of its page',
    'api/index.html: no.svg is not there',
    'index.html: #gone is no place of its page',
    'index.html: ./no.html is not there',
  ]);
});
