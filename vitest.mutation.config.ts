import { forPackage } from './vitest.shared.js';

/**
 * How Stryker runs a package's tests: once a mutant. One worker and one import of the package for all its test files (every
 * mutant has a worker of its own), and properties that neither shrink a failure nor draw another seed for the next mutant.
 */
export default forPackage({
  test: { isolate: false, setupFiles: ['./vitest.mutation.setup.ts'] },
});
