import { dirname, join } from 'node:path';
import type { Options } from 'tsup';

/** esbuild comes with tsup: its types too. */
type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number];

/** yaml has CommonJS alone for Node, of which a bundle with split files exports no names; its ES modules run everywhere. */
const yamlAsModules: EsbuildPlugin = {
  name: 'yaml-as-modules',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^yaml$/ }, async ({ importer, kind, resolveDir }) => {
      const manifest = await resolve('yaml/package.json', { importer, kind, resolveDir });
      return manifest.errors.length > 0 ? manifest : { path: join(dirname(manifest.path), 'browser/index.js') };
    });
  },
};

/**
 * How the program is bundled, for users and for the tests: from sources, and with the builds of packages that are meant for Node (the
 * browser's build of a zip reader asks for a Worker that Node does not have).
 */
export const bundle = {
  conditions: ['@stepclock/source', 'node', 'module'],
  mainFields: ['module', 'main'],
  plugins: [yamlAsModules],
  // A program is started far more often than it is built: the fewer characters, the sooner it is compiled.
  minifyWhitespace: true,
  minifySyntax: true,
  // yargs measures its help at every start; string-width takes 0.1 s to compile its regular expressions.
  alias: { 'string-width': 'fast-string-width' },
  banner: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
};
