import type { Provenance } from '@stepclock/charts';
import type { Session } from '../session.js';

/** Where a report comes from: the command as typed, versions, and the inputs with their digests. */
export const provenanceOf = (
  session: Session,
  inputs: readonly { readonly name: string; readonly sha256?: string; readonly rows?: number }[],
): Provenance => ({
  command: session.commandLine,
  versions: { stepclock: session.version, node: process.versions.node },
  inputs,
});
