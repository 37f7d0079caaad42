import type { Options } from 'tsup';

/** The build of every package: one ESM entry, its types, source maps; dependencies stay imports. */
export const library: Options = {
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node20',
  platform: 'neutral',
  // The packages below are read as they were built: their sources would be type-checked again in every build above them.
  dts: { compilerOptions: { customConditions: [] } },
  sourcemap: true,
  clean: true,
  treeshake: true,
};
