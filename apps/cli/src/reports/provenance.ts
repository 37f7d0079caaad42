import type { Provenance } from '@stepclock/charts';
import type { Session } from '../session/session.js';

/** Where a report comes from: the command as typed, versions, and the inputs with their digests. */
export const provenanceOf = (session: Session, inputs: Provenance['inputs']): Provenance => ({
  command: session.commandLine,
  versions: { stepclock: session.version, node: process.versions.node },
  inputs,
});
