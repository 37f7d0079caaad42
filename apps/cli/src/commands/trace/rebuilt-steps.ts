import type { RebuiltStepLog } from '@stepclock/beta-estimators';

/** The columns of a rebuilt step log: those of a step log that stepclock reads, then what only a client's view has. */
const COLUMNS = [
  'start_sec',
  'end_sec',
  'duration_sec',
  'prefill_tokens',
  'prefill_requests',
  'decode_tokens',
  'context_tokens',
  'prefill_context',
  'hidden_steps',
  'chunks_seen',
  'spread_sec',
  'late_sec',
  'fitted_sec',
] as const;

const time = (sec: number): string => sec.toFixed(9);

/** Rows handed out at a time. */
const ROWS = 4096;

/** A rebuilt step log as CSV, in pieces; `stepclock steps` reads it. */
export function* rebuiltStepsCsv(log: RebuiltStepLog): Iterable<string> {
  // One engine needs no name.
  const isOne = log.engine.every((engine) => engine === 0);
  yield `${[...COLUMNS, ...(isOne ? [] : ['instance'])].join(',')}\n`;
  for (let from = 0; from < log.length; from += ROWS) {
    let piece = '';
    for (let k = from; k < Math.min(from + ROWS, log.length); k++) {
      const row = [
        time(log.startSec[k]),
        time(log.endSec[k]),
        // A client that stood still may have got a step's chunks no later than those of the step before.
        time(Math.max(0, log.endSec[k] - log.startSec[k])),
        log.prefillTokens[k],
        log.prefillRequests[k],
        Math.round(log.decodeSeqs[k]),
        Math.round(log.contextTokens[k]),
        log.prefillContext[k],
        log.hiddenSteps[k],
        log.chunksSeen[k],
        time(log.spreadSec[k]),
        time(log.lateSec[k]),
        time(log.fittedSec[k]),
        ...(isOne ? [] : [log.engine[k]]),
      ];
      piece += `${row.join(',')}\n`;
    }
    yield piece;
  }
}
