import { defineConfig } from 'vitest/config';

const conditions = ['@stepclock/source'];

/** `npm run test:browser`: reports in a headless Chromium, apart from `npm test`, which needs no browser. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    name: 'browser',
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    maxConcurrency: 2,
  },
});
