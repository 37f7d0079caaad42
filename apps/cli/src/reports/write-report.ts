import { type ReportData, renderReport } from '@stepclock/charts';
import type { Session } from '../session/session.js';
import { figuresOf, writeFigures } from './figure-files.js';
import type { ReportTargets } from './report-targets.js';

/** Writes the HTML report, its figures as files, or both. */
export const writeReport = async (data: ReportData, targets: ReportTargets, session: Session): Promise<void> => {
  if (targets.report !== undefined) await session.writeFile(targets.report, await renderReport(data));
  if (targets.figures !== undefined) await writeFigures(targets.figures, figuresOf(data), session);
};
