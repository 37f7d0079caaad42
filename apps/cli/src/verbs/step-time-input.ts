import { readStepTimeFile, type StepTimeModel } from '@stepclock/step-time';
import { InputError } from '../errors.js';
import { allBytes, openInput } from '../input.js';
import type { Session } from '../session.js';

/** Default of `--error-threshold`, percent. */
export const DEFAULT_THRESHOLD_PERCENT = 20;

/** Reads the file of `--model`. */
export const readStepTimeModel = async (path: string, session: Session): Promise<StepTimeModel> => {
  const input = await openInput(path, session.io);
  const text = (await allBytes(input)).toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
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
