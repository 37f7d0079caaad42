import { type BetasFile, parseBetasFile } from '@stepclock/step-model';
import type { StepTable } from '@stepclock/trace-io';
import { allBytes, openInput } from '../../files/input.js';
import { readTraceFile } from '../../files/trace-input.js';
import { inputFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';

/** What `--against` names: coefficients, or the engine's own step log. */
export type StepReference =
  | { readonly kind: 'betas'; readonly betas: BetasFile }
  | { readonly kind: 'steps'; readonly steps: StepTable };

/** Whether a text is one JSON object with coefficients: a betas file, and no log. */
const holdsBetas = (text: string): boolean => {
  if (!text.trimStart().startsWith('{')) return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'betas' in value;
  } catch {
    return false;
  }
};

/** Reads the file of `--against`; its content tells what it is. */
export const readStepReference = async (path: string, session: Session): Promise<StepReference> => {
  const input = await openInput(path, session);
  const text = (await allBytes(input)).toString('utf8');
  if (holdsBetas(text)) return { kind: 'betas', betas: parseBetasFile(text, input.name) };
  const { trace, name } = await readTraceFile(path, {}, session);
  if (trace.steps === undefined) {
    throw inputFault(name, `must be a betas file or a step log; got a ${trace.facts.format} file without steps`);
  }
  return { kind: 'steps', steps: trace.steps };
};
