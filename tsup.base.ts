import type { Options } from 'tsup';

/** The build of every package: one ESM entry, its types, source maps; dependencies stay imports. */
export const library: Options = {
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node20',
  platform: 'neutral',
  dts: true,
  sourcemap: true,
  clean: true,
  treeshake: true,
};
