import { forPackage } from '../vitest.shared.js';

export default forPackage({
  test: {
    include: ['*.test.ts', 'behaviour/*.test.ts'],
    name: 'monorepo',
    globalSetup: ['../apps/cli/test/built-program.ts'],
  },
});
