/**
 * The documentation as a site: docs/ and the README as they are, the reference of the command line, the JSON Schemas and the packages. Its
 * links are checked; one that leads nowhere fails the run.
 *
 *   npm run site            # into site/
 *
 * VitePress, with the Vite of its own, is a hundred megabytes that nothing else here needs: it is installed beside the pages, once.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brokenLinks } from './broken-links.js';
import { sitePages } from './pages.js';

const VITEPRESS = { vitepress: '1.6.4', vue: '3.5.45' };

const root = join(import.meta.dirname, '../..');
const work = join(root, 'node_modules/.cache/stepclock-site');
const pagesIn = join(work, 'pages');
const out = join(root, 'site');

const run = (program: string, words: readonly string[], cwd: string): void => {
  execFileSync(program, words, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, FORCE_COLOR: '0' },
  });
};

rmSync(pagesIn, { recursive: true, force: true });
mkdirSync(join(pagesIn, 'public'), { recursive: true });
const { pages, sidebar } = sitePages(root);
for (const { file, text } of pages) writeFileSync(join(pagesIn, file), text);
cpSync(join(root, 'docs/figures'), join(pagesIn, 'figures'), { recursive: true });
cpSync(join(root, 'docs/schemas'), join(pagesIn, 'public/schemas'), { recursive: true });

const config = {
  title: 'stepclock',
  description: 'From the logs of an LLM serving engine to its latency model.',
  base: process.env.SITE_BASE ?? '/',
  outDir: out,
  cacheDir: join(work, 'cache'),
  // What stands between < and > in a text is a word of the command line, no markup.
  markdown: { html: false },
  vite: { build: { chunkSizeWarningLimit: 4096 } },
  themeConfig: { sidebar, outline: 'deep', search: { provider: 'local' } },
};
mkdirSync(join(pagesIn, '.vitepress'), { recursive: true });
writeFileSync(join(pagesIn, '.vitepress/config.mjs'), `export default ${JSON.stringify(config, null, 2)};\n`);

writeFileSync(join(work, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies: VITEPRESS }));
if (!existsSync(join(work, 'node_modules/vitepress'))) {
  run('npm', ['install', '--no-audit', '--no-fund', '--silent'], work);
}
run(process.execPath, [join(work, 'node_modules/vitepress/bin/vitepress.js'), 'build', 'pages'], work);
// Beside the pages, once they are there: they would be taken for pages themselves.
const typedoc = join(root, 'node_modules/typedoc/bin/typedoc');
run(process.execPath, [typedoc, '--options', 'typedoc.json', '--logLevel', 'Error', '--out', join(out, 'api')], root);

const { checked, broken } = brokenLinks(out);
for (const line of broken) process.stderr.write(`${line}\n`);
process.stdout.write(
  `site/: ${pages.length} pages and the packages' reference; ${checked} links, ${broken.length} of them lead nowhere\n`,
);
process.exitCode = broken.length === 0 ? 0 : 1;
