import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // One more than there are cores: tests that start the program wait for it.
    maxWorkers: availableParallelism() + 1,
    projects: ['packages/*', 'apps/*', 'tooling/*', 'test'],
    coverage: { provider: 'v8', include: ['packages/*/src/**', 'apps/*/src/**'], reporter: ['text', 'json-summary'] },
  },
});
