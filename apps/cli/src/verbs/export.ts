import { exportModel } from '@stepclock/step-model';
import type { ExportArgs } from '../commands/export.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { readBetasFile } from './betas-input.js';
import { given } from './given.js';

/** `stepclock export`. */
export const runExport = async (args: ExportArgs, session: Session): Promise<ExitCode> => {
  const { betas: path = '-', to = 'json', output } = args;
  await checkOutputs({ streams: { output } }, [path]);
  const file = await readBetasFile(path, session);
  const { text, notes } = exportModel(
    file,
    to,
    given({
      decodeSeqs: args.decodeSeqs,
      contextTokensPerSeq: args.contextTokens,
      promptTokens: args.promptTokens,
      outputTokens: args.outputTokens,
      maxNumSeqs: args.maxNumSeqs,
      kvTokens: args.kvTokens,
      modelId: args.modelId,
      gpu: args.gpu,
    }),
  );
  for (const { field, conversion, message } of notes) session.log.info(`${field}: ${conversion}: ${message}`);
  await session.writeText(output, [text.endsWith('\n') ? text : `${text}\n`]);
  return ExitCode.ok;
};
