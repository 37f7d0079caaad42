import type { TokenClockEstimate } from '@stepclock/beta-estimators';
import { ExitCode } from '@stepclock/faults';
import type { TraceInput } from '../../files/trace-input.js';
import type { Session } from '../../session/session.js';
import { leftOutText, warnOfLeftOut } from '../../text/left-out.js';
import { grouped } from '../../text/quantity.js';
import { tokenClockText } from '../../text/token-clock-text.js';
import { tokenModelOf } from './token-answer.js';

/** Writes an estimate from token times, as JSON (with further fields) or for people. */
export const showTokenEstimate = async (
  estimate: TokenClockEstimate,
  input: TraceInput,
  json: string | undefined,
  session: Session,
  further: Readonly<Record<string, unknown>> = {},
): Promise<ExitCode> => {
  for (const { code, message } of estimate.warnings) session.log.warn(`${message} [${code}]`);
  const { trace, requests, name } = input;
  const { clock } = estimate;
  const read = requests ?? clock.requests;
  warnOfLeftOut(trace.exclusions, read, session.log, clock.requests - read);
  const taken = await session.writeJson(json, tokenModelOf(estimate, input, further, session.version));
  if (!taken) {
    const heading = `${name} (${trace.facts.format}): ${grouped(clock.requests)} requests, ${grouped(clock.chunks)} chunks`;
    session.print(tokenClockText([heading, ...leftOutText(trace.exclusions, read)], estimate, session.paint));
  }
  return ExitCode.ok;
};
