import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { bundle } from '../bundle.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program as one bundle of today's sources, its workers beside it. */
    readonly program: string;
    /** The runs of `mutation-runs.ts`, of the same bundle. */
    readonly mutationRuns: string;
  }
}

const cli = join(import.meta.dirname, '..');
const src = join(cli, 'src');

/** What the charts stand on (a native renderer, Vega, fonts) stays where the charts find it. */
const chartsFromSource: Plugin = {
  name: 'charts-from-source',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (
        !importer.includes('/charts/src/') ||
        path.startsWith('node:') ||
        path.startsWith('@stepclock/') ||
        pluginData
      )
        return undefined;
      const found = await resolve(path, { importer, kind, resolveDir, pluginData: true });
      return found.errors.length > 0 ? found : { path: found.path, external: true };
    });
  },
};

/** Bundles the program once for all tests that start it: from sources, module by module, a start takes three times as long. */
export default async ({ provide }: TestProject): Promise<() => void> => {
  // Inside the package, so that what stays an import is found.
  const folder = mkdtempSync(join(cli, 'node_modules', 'program-'));
  const outdir = join(folder, 'dist');
  await build({
    // Where aliases are looked for.
    absWorkingDir: cli,
    entryPoints: [
      ...readdirSync(src)
        .filter((file) => file === 'bin.ts' || file.endsWith('-worker.ts'))
        .map((file) => join(src, file)),
      join(import.meta.dirname, 'mutation-runs.ts'),
    ],
    entryNames: '[name]',
    outdir,
    external: ['sql.js', '@duckdb/node-api'],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    conditions: bundle.conditions,
    mainFields: bundle.mainFields,
    plugins: [chartsFromSource, ...bundle.plugins],
    minifyWhitespace: bundle.minifyWhitespace,
    minifySyntax: bundle.minifySyntax,
    alias: bundle.alias,
    banner: { js: bundle.banner },
    logLevel: 'error',
  });
  // Where the program looks for its version; and its files are modules.
  cpSync(join(cli, 'package.json'), join(folder, 'package.json'));
  provide('program', join(outdir, 'bin.js'));
  provide('mutationRuns', join(outdir, 'mutation-runs.js'));
  return () => rmSync(folder, { recursive: true, force: true });
};
