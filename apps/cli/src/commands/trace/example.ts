import { estimateBaseline, estimateIterative } from '@stepclock/beta-estimators';
import { ExitCode } from '@stepclock/faults';
import { type PhaseRow, phaseTableFrom } from '@stepclock/trace-io';
import { defineVerb } from '../../options/verb.js';
import type { Session } from '../../session/session.js';
import { betasText } from '../../text/estimate-text.js';
import { significant } from '../../text/quantity.js';
import { eightPhases, fourPhases } from './published-examples.js';

const CHUNK_SIZE = 64;

const runBoth = (title: string, rows: readonly PhaseRow[], session: Session): void => {
  const phases = phaseTableFrom(rows);
  const baseline = estimateBaseline(phases, { chunkSize: CHUNK_SIZE, correctionMode: 'uniform' });
  const iterative = estimateIterative(phases, { chunkSize: CHUNK_SIZE });
  const r2 = (value: number | null): string => (value === null ? 'undefined' : significant(value, 6));
  session.print(
    [
      session.paint.bold(`${title}, C = ${CHUNK_SIZE}`),
      '',
      `baseline (uniform), r2 ${r2(baseline.diagnostics.r2)}`,
      betasText(baseline, session.paint),
      '',
      `iterative (beta_informed), ${iterative.converged ? `converged after ${iterative.iterations}` : 'not converged'}, r2 ${r2(iterative.diagnostics.final_r2)}`,
      betasText(iterative, session.paint),
      '',
    ].join('\n'),
  );
};

/** The published quick start. */
export const verb = defineVerb({
  options: {},
  run: async (_args, session) => {
    runBoth('the four-phase example', fourPhases, session);
    session.print('');
    runBoth('the eight-phase sample', eightPhases, session);
    return ExitCode.ok;
  },
});
