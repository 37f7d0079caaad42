import { ExitCode } from '../exit-code.js';
import type { Session } from '../session.js';

/** `stepclock example`. */
export const runExample = async (_session: Session): Promise<ExitCode> => ExitCode.ok;
