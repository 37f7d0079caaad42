import type { RebuiltStepLog } from '@stepclock/beta-estimators';

/** Events handed out at a time. */
const STEPS = 2048;

/** What a step did, as the name of its slice. */
const kindOf = (prefillTokens: number, decodeSeqs: number): string =>
  prefillTokens > 0 ? (decodeSeqs > 0 ? 'prefill + decode' : 'prefill') : 'decode';

const microseconds = (sec: number): number => Math.round(sec * 1e9) / 1e3;

/**
 * A rebuilt step log as a trace in the Trace Event Format, in pieces: one slice a step, and counters of sequences, prefill tokens and
 * context; one process an engine. Perfetto, speedscope and chrome://tracing read it.
 */
export function* chromeTrace(log: RebuiltStepLog, name: string): Iterable<string> {
  const firstSec = log.startSec.reduce((least, sec) => Math.min(least, sec), Number.POSITIVE_INFINITY);
  const engines = log.engine.reduce((most, engine) => Math.max(most, engine + 1), 0);
  const named = Array.from({ length: engines }, (_, engine) => ({
    name: 'process_name',
    ph: 'M',
    pid: engine + 1,
    args: { name: engines === 1 ? name : `${name}, engine ${engine + 1}` },
  }));
  yield `{"displayTimeUnit":"ms","traceEvents":[\n${named.map((event) => JSON.stringify(event)).join(',\n')}`;
  for (let from = 0; from < log.length; from += STEPS) {
    let piece = '';
    for (let k = from; k < Math.min(from + STEPS, log.length); k++) {
      const ts = microseconds(log.startSec[k] - firstSec);
      const pid = log.engine[k] + 1;
      const [prefill, decodes, context] = [log.prefillTokens[k], Math.round(log.decodeSeqs[k]), log.contextTokens[k]];
      const slice = {
        name: kindOf(prefill, decodes),
        cat: 'step',
        ph: 'X',
        ts,
        // A client that stood still may have got a step's chunks no later than those of the step before.
        dur: microseconds(Math.max(0, log.endSec[k] - log.startSec[k])),
        pid,
        tid: 1,
        args: {
          step: k,
          prefill_tokens: prefill,
          decode_seqs: decodes,
          context_tokens: Math.round(context),
          hidden_steps: log.hiddenSteps[k],
          late_ms: microseconds(log.lateSec[k]) / 1e3,
          fitted_ms: microseconds(log.fittedSec[k]) / 1e3,
        },
      };
      const counter = (what: string, value: number) => ({ name: what, ph: 'C', ts, pid, args: { [what]: value } });
      for (const event of [
        slice,
        counter('sequences', decodes),
        counter('prefill tokens', prefill),
        counter('context tokens', Math.round(context)),
      ])
        piece += `,\n${JSON.stringify(event)}`;
    }
    yield piece;
  }
  yield '\n]}\n';
}
