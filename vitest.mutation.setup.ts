import fc from 'fast-check';

fc.configureGlobal({ seed: 20261121, endOnFailure: true });

// The thread is kept from mutant to mutant: while a file's tests are collected, none is active.
Object.assign((globalThis as { __stryker__?: object }).__stryker__ ?? {}, { activeMutant: undefined });
