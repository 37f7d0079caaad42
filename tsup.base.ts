import type { Options } from 'tsup';

/** The build of every package: one ESM entry and source maps; dependencies stay imports. One run of the compiler writes the types of all (`npm run types`). */
export const library: Options = {
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node20',
  platform: 'neutral',
  sourcemap: true,
  clean: true,
  treeshake: true,
};
