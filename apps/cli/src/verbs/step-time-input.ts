import { readStepTimeFile, type StepTimeModel } from '@stepclock/step-time';
import { InputError } from '../errors.js';
import { openInput } from '../input.js';
import type { Session } from '../session.js';

/** Default of `--error-threshold`, percent. */
export const DEFAULT_THRESHOLD_PERCENT = 20;

/** Reads the file of `--model`. */
export const readStepTimeModel = async (path: string, session: Session): Promise<StepTimeModel> => {
  const input = await openInput(path, session.io);
  const parts: Uint8Array[] = [];
  for await (const part of input.bytes) parts.push(part);
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch (error) {
    throw new InputError(
      `${input.name}: must be JSON, as 'stepclock step-time fit' writes it; got a text that does not parse`,
      {
        cause: error,
      },
    );
  }
  return readStepTimeFile(parsed);
};
