import type { EngineLimits } from '@stepclock/engine-sim';
import { nestsTooDeep } from '@stepclock/faults';
import type { Betas } from '@stepclock/step-cost';
import { targetOf } from '../../files/atomic-write.js';
import { readTextIfThere } from '../../files/input.js';
import { ownSettingsPath } from '../../files/settings-file.js';
import type { Session } from '../../session/session.js';

const SCHEMA = 'stepclock/engine-settings@1';

/** A simulated engine: its limits, and the coefficients of its steps. */
type SimulatedEngine = EngineLimits & { readonly betas: Betas };

/** The limits of a simulated engine under the names that engines give them, so that whatever reads the log knows them. */
const settingsOf = (engine: SimulatedEngine, seed: number, version: string) => ({
  schema: SCHEMA,
  engine: 'stepclock simulate',
  max_num_batched_tokens: engine.maxNumBatchedTokens ?? null,
  max_num_seqs: engine.maxNumSeqs ?? null,
  num_kv_tokens: engine.kvTokens ?? null,
  chunk_size: engine.chunkSize ?? null,
  async_scheduling: engine.asyncScheduling ?? false,
  policy: engine.prefillFirst === true ? 'prefill-first' : 'mixed',
  coefficients: engine.betas,
  seed,
  stepclock_version: version,
});

const isOurs = (text: string): boolean => {
  try {
    if (nestsTooDeep(text)) return false;
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'schema' in value && value.schema === SCHEMA;
  } catch {
    return false;
  }
};

/**
 * Writes the engine's settings beside a simulated log, as `LOG.meta.json`: a folder's meta.json may belong to other logs. A file of that name that
 * `simulate` did not write stays as it is, and a log that went into a pipe or a device has none.
 */
export const writeSettingsBeside = async (
  log: string,
  engine: SimulatedEngine,
  seed: number,
  session: Session,
): Promise<void> => {
  if ((await targetOf(log)).kind !== 'regular') return;
  const path = ownSettingsPath(log);
  const there = await readTextIfThere(path);
  if (there !== undefined && !isOurs(there)) {
    session.log.warn(`${path}: is not of stepclock simulate and was left as it is [settings-not-written]`);
    return;
  }
  await session.writeFile(path, `${JSON.stringify(settingsOf(engine, seed, session.version), null, 2)}\n`);
};
