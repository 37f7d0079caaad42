import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // One worker a core: by default one core is left free, and on two cores that is half of them.
    maxWorkers: '100%',
    projects: ['packages/*', 'apps/*', 'tooling/*', 'test'],
    coverage: { provider: 'v8', include: ['packages/*/src/**', 'apps/*/src/**'], reporter: ['text', 'json-summary'] },
  },
});
