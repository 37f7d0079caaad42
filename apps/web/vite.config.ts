import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { licencesOf } from '../cli/bundled-licences.js';

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../cli/package.json'), 'utf8')) as {
  version: string;
};

const RENDERERS = /^(?:vega(?:-lite|-interpreter)?|@resvg\/resvg-js|node:.*)$/;

/** What draws pictures in Node is imported by code that the page does not use: nothing of it is left in the bundle, as the size test holds. */
const withoutRenderers = (): Plugin => ({
  name: 'without-renderers',
  enforce: 'pre',
  resolveId: (id) => (RENDERERS.test(id) ? { id, external: true, moduleSideEffects: false } : undefined),
});

/** The licences of everything that is in the page or its worker. */
const bundled = new Set<string>();
const withLicences = (isLast: boolean): Plugin => ({
  name: 'with-licences',
  generateBundle(_, chunks) {
    for (const chunk of Object.values(chunks)) {
      if (chunk.type === 'chunk') for (const id of Object.keys(chunk.modules)) bundled.add(id);
    }
    if (!isLast) return;
    this.emitFile({ type: 'asset', fileName: 'THIRD_PARTY_NOTICES.txt', source: licencesOf([...bundled]) });
  },
});

/** One script, one style sheet and one worker: nothing is asked for after the page has loaded. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  define: {
    __STEPCLOCK_VERSION__: JSON.stringify(version),
    __STEPCLOCK_DEMO__: JSON.stringify(
      readFileSync(join(import.meta.dirname, '../../fixtures/traces/vllm-cpu/steady/bench.json.gz')).toString('base64'),
    ),
  },
  resolve: {
    alias: [
      { find: 'sql.js', replacement: join(import.meta.dirname, 'src/engine/no-sqlite.ts') },
      {
        find: /^\.\/published\/(?:baseline|iterative)\.js$/,
        replacement: join(import.meta.dirname, 'src/engine/no-published.ts'),
      },
    ],
    conditions: ['@stepclock/source', 'browser', 'module', 'import', 'default'],
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    sourcemap: false,
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  plugins: [withoutRenderers(), withLicences(true)],
  worker: { format: 'iife', plugins: () => [withoutRenderers(), withLicences(false)] },
});
