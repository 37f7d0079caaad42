import type { TokenClockEstimate } from '@stepclock/beta-estimators';
import { ExitCode } from '@stepclock/faults';
import { betasFileOf, snakeCaseKeys } from '@stepclock/step-model';
import type { TraceInput } from '../../files/trace-input.js';
import type { Session } from '../../session/session.js';
import { leftOutJson, leftOutText, warnOfLeftOut } from '../../text/left-out.js';
import { grouped } from '../../text/quantity.js';
import { tokenClockText } from '../../text/token-clock-text.js';

/** Writes an estimate from token times, as JSON (with further fields) or for people. */
export const showTokenEstimate = async (
  estimate: TokenClockEstimate,
  { trace, requests, name, sha256 }: TraceInput,
  json: string | undefined,
  session: Session,
  further: Readonly<Record<string, unknown>> = {},
): Promise<ExitCode> => {
  for (const { code, message } of estimate.warnings) session.log.warn(`${message} [${code}]`);
  const { steps: _, rows: __, ...told } = estimate;
  const { clock } = estimate;
  const { exclusions } = trace;
  const read = requests ?? clock.requests;
  warnOfLeftOut(exclusions, read, session.log, clock.requests - read);
  const taken = await session.writeJson(json, {
    ...betasFileOf(told),
    evidence: 'tokens',
    ...further,
    input: {
      files: [
        {
          file: name,
          sha256,
          format: trace.facts.format,
          requests: requests ?? clock.requests,
          chunks: clock.chunks,
          excluded: exclusions.map(({ reason, count }) => ({ reason, count })),
        },
      ],
      left_out: leftOutJson(exclusions, read),
      settings: snakeCaseKeys(trace.facts.settings),
    },
    stepclock_version: session.version,
  });
  if (!taken) {
    const heading = `${name} (${trace.facts.format}): ${grouped(clock.requests)} requests, ${grouped(clock.chunks)} chunks`;
    session.print(tokenClockText([heading, ...leftOutText(exclusions, read)], estimate, session.paint));
  }
  return ExitCode.ok;
};
