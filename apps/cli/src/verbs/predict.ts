import { predictStepTime, snakeCaseKeys } from '@stepclock/step-model';
import type { PredictArgs } from '../commands/predict.js';
import { UsageError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { durationText, grouped } from '../text/quantity.js';
import { readBetasFile } from './betas-input.js';

const FLAG = {
  prefillTokens: '--prefill-tokens',
  decodeSeqs: '--decode-seqs',
  contextTokens: '--context-tokens',
} as const;

/** `stepclock predict`. */
export const runPredict = async (args: PredictArgs, session: Session): Promise<ExitCode> => {
  const { betas: path = '-', prefillTokens, decodeSeqs, contextTokens } = args;
  await checkOutputs({ streams: { json: args.json } }, [path]);
  if (prefillTokens === undefined && decodeSeqs === undefined) {
    throw new UsageError('predict: needs --prefill-tokens, --decode-seqs or both: what the step processes');
  }
  const file = await readBetasFile(path, session);
  if (contextTokens !== undefined && file.betas.beta3 === undefined) {
    throw new UsageError('--context-tokens: has no effect on a model without beta3 (estimate with --model kv)');
  }
  const composition = {
    prefillTokens: prefillTokens ?? 0,
    decodeSeqs: decodeSeqs ?? 0,
    contextTokens: contextTokens ?? 0,
  };
  const prediction = predictStepTime(file, composition);
  const warnings = [
    ...prediction.extrapolation.map(({ quantity, value, seen }) => ({
      code: 'extrapolation',
      message: `${FLAG[quantity]} ${grouped(value)} lies outside of what the fit has seen (${grouped(seen[0])} to ${grouped(seen[1])})`,
    })),
    ...(file.betas.beta3 !== undefined && decodeSeqs !== undefined && contextTokens === undefined
      ? [
          {
            code: 'no-context',
            message: 'the model has a cost per token of context, and --context-tokens is not given: taken as 0',
          },
        ]
      : []),
  ];
  for (const { code, message } of warnings) session.log.warn(`${message} [${code}]`);
  const taken = await session.writeJson(args.json, {
    schema: 'stepclock/prediction@1',
    composition: snakeCaseKeys(composition),
    ...(snakeCaseKeys(prediction) as object),
    warnings,
  });
  if (!taken) {
    const { durationSec, intervalSec, level } = prediction;
    const interval =
      intervalSec === null || level === null
        ? ''
        : `, ${+(100 * level).toFixed(2)} % interval ${durationText(intervalSec[0])} to ${durationText(intervalSec[1])}`;
    session.print(`${durationText(durationSec)} per step${interval}`);
  }
  return ExitCode.ok;
};
