import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';
import { bundle } from './bundle.js';
import { bundledLicences } from './bundled-licences.js';

/** What stays an import. */
const OUTSIDE = ['@stepclock/charts', 'sql\\.js', '@duckdb/node-api', 'node:.*', ...builtinModules];

// A program is started far more often than it is built: everything but the charts (fonts and a native renderer stand beside
// their code), SQLite (a megabyte of WebAssembly that hardly any trace needs) and DuckDB (70 MB, brought by who wants it) becomes a few files, each verb loads its own,
// and `npx stepclock` installs one package instead of forty.
export default defineConfig({
  ...library,
  entry: [
    'src/index.ts',
    'src/bin.ts',
    'src/stage-seed-worker.ts',
    'src/trace-reader-worker.ts',
    'src/fleet-worker.ts',
  ],
  splitting: true,
  // From sources, module by module: a verb then carries what it uses of a package and no more.
  noExternal: [new RegExp(`^(?!(?:${OUTSIDE.join('|')})$)`)],
  external: OUTSIDE.map((name) => new RegExp(`^${name}$`)),
  sourcemap: false,
  minifyWhitespace: bundle.minifyWhitespace,
  esbuildPlugins: [...bundle.plugins, bundledLicences('dist/THIRD_PARTY_NOTICES.txt')],
  esbuildOptions(options) {
    options.conditions = bundle.conditions;
    options.mainFields = bundle.mainFields;
    options.minifySyntax = bundle.minifySyntax;
    options.alias = bundle.alias;
  },
  banner: { js: bundle.banner },
  // `stepclock open` serves the page, which turbo builds first.
  onSuccess: async () => {
    if (existsSync('../web/dist')) await cp('../web/dist', 'dist/page', { recursive: true });
  },
});
