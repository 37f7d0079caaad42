import { type ModelReport, modelReport, renderReport } from '@stepclock/charts';
import type { Session } from '../session/session.js';
import { provenanceOf } from './provenance.js';

/** Draws and writes the report of a model. */
export const writeModelReport = async (path: string, model: ModelReport, session: Session): Promise<void> =>
  session.writeFile(path, await renderReport(modelReport(model, provenanceOf(session, model.inputs))));
