import fc from 'fast-check';

/** Properties are tried on the same cases in every run, so that green means green; STEPCLOCK_SEED=N looks at others. */
fc.configureGlobal({ seed: Number(process.env.STEPCLOCK_SEED ?? 20261121) });
