// Mutation testing of one package: `npm run mutation -- nnls-solver`; more of Stryker's flags may follow the name, such as
// `--mutate packages/nnls-solver/src/nnls.ts:40-80`. docs/robustness.md holds the scores of record.
// Tools that only read this file (knip) name no package.
const name = process.env.MUTATION_PACKAGE ?? 'random';
const folder = `packages/${name}`;

export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  mutate: [`${folder}/src/**/*.ts`, `!${folder}/src/**/index.ts`],
  // The package's own tests alone, all of them on the first run and then those that reach the mutant.
  vitest: { configFile: 'vitest.mutation.config.ts', dir: folder, related: false },
  coverageAnalysis: 'perTest',
  // What the sandbox holds: the package, what its configuration imports and the fixtures; node_modules are links.
  ignorePatterns: [
    '**',
    `!${folder}/**`,
    '!fixtures/**',
    '!vitest.*.ts',
    '!tsconfig*.json',
    '**/dist',
    '**/node_modules',
  ],
  disableTypeChecks: `${folder}/{src,test}/**/*.ts`,
  // What runs on import runs once in a kept thread.
  ignoreStatic: true,
  concurrency: 1,
  incremental: false,
  thresholds: { high: 90, low: 85, break: 85 },
  reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportMutants: false },
  jsonReporter: { fileName: `reports/mutation/${name}.json` },
  htmlReporter: { fileName: `reports/mutation/${name}.html` },
  tempDirName: '.stryker-tmp',
};
