import { readStepTimeFile, type StepTimeModel } from '@stepclock/step-time';
import { readWhole } from '../../files/input.js';
import type { Session } from '../../session/session.js';

/** Default of `--error-threshold`, percent. */
export const DEFAULT_THRESHOLD_PERCENT = 20;

/** Reads the file of `--model`. */
export const readStepTimeModel = async (path: string, session: Session): Promise<StepTimeModel> => {
  const { text, name } = await readWhole(path, session);
  return readStepTimeFile(text, name);
};
