import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config';

/** Packages are tested from their sources: the source condition makes a build unnecessary and puts coverage on src. */
const conditions = ['@stepclock/source'];

const base = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['@stepclock/vitest-matchers', fileURLToPath(new URL('vitest.seed.ts', import.meta.url))],
    // One more than there are cores: tests that start the program wait for it.
    maxWorkers: availableParallelism() + 1,
    // Tests of pure functions, which mock nothing: files share a worker, and a package is imported once a worker, not once a file.
    isolate: false,
    // Against hanging, not for speed: a busy machine takes many times as long.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

/** A package's vitest configuration: the shared one, with what this package changes. */
export const forPackage = (own: ViteUserConfig = {}): ViteUserConfig => mergeConfig(base, own);
