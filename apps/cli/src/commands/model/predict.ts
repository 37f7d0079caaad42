import { ExitCode } from '@stepclock/faults';
import { predictStepTime, snakeCaseKeys } from '@stepclock/step-model';
import { count } from '../../options/number-rules.js';
import { jsonOption, number, required, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import { durationText, grouped } from '../../text/quantity.js';
import { readBetasFile } from './betas-input.js';

const FLAG = {
  prefillTokens: '--prefill-tokens',
  decodeSeqs: '--decode-seqs',
  contextTokens: '--context-tokens',
} as const;

export const verb = defineVerb({
  options: {
    betas: required(text("coefficients, as 'stepclock estimate --json' writes them", 'input')),
    'prefill-tokens': number('prefill tokens of the step [0]', count),
    'decode-seqs': number('requests that decode in the step [0]', count),
    'context-tokens': number('tokens of KV cache that the decodes read, all together [0]', count),
    ...jsonOption,
  },
  examples: [['$0 predict --betas betas.json --prefill-tokens 512 --decode-seqs 32 --context-tokens 20000', '']],
  run: async (args, session) => {
    const { betas: path, prefillTokens, decodeSeqs, contextTokens } = args;
    if (prefillTokens === undefined && decodeSeqs === undefined) {
      throw usageFault('predict', 'needs --prefill-tokens, --decode-seqs or both: what the step processes');
    }
    const file = await readBetasFile(path, session);
    if (contextTokens !== undefined && file.betas.beta3 === undefined) {
      throw usageFault('--context-tokens', 'has no effect on a model without beta3 (estimate with --model kv)');
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
  },
});
