import { defineConfig } from 'tsup';

/** The declarations of the program's public face, apart from its bundle; the packages that they name are read as they were built. */
export default defineConfig({
  entry: ['src/index.ts'],
  format: 'esm',
  dts: { only: true, compilerOptions: { customConditions: [] } },
});
