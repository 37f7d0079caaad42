import type { TokenClockEstimate } from '@stepclock/beta-estimators';
import { ExitCode } from '@stepclock/faults';
import { betasFileOf, snakeCaseKeys } from '@stepclock/step-model';
import type { TraceInput } from '../../files/trace-input.js';
import type { Session } from '../../session/session.js';
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
  for (const { message, count } of trace.exclusions) session.log.info(`${count} left out: ${message}`);
  for (const { code, message } of estimate.warnings) session.log.warn(`${message} [${code}]`);
  const { steps: _, rows: __, windows: ___, ...told } = estimate;
  const { clock } = estimate;
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
          excluded: trace.exclusions.map(({ reason, count }) => ({ reason, count })),
        },
      ],
      settings: snakeCaseKeys(trace.facts.settings),
    },
    stepclock_version: session.version,
  });
  if (!taken) {
    const read = `${name} (${trace.facts.format}): ${grouped(clock.requests)} requests, ${grouped(clock.chunks)} chunks`;
    session.print(tokenClockText(read, estimate, session.paint));
  }
  return ExitCode.ok;
};
