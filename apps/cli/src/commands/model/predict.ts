import { ExitCode } from '@stepclock/faults';
import { CATALOGUE } from '@stepclock/step-cost';
import {
  predictStepTime,
  quantitiesRead,
  type StepQuantity,
  type StepTimePrediction,
  snakeCaseFields,
} from '@stepclock/step-model';
import { given } from '../../options/given.js';
import { count } from '../../options/number-rules.js';
import { jsonOption, number, required, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import { durationText, grouped } from '../../text/quantity.js';
import { readBetasFile } from './betas-input.js';

const FLAG: Readonly<Record<StepQuantity, string>> = {
  prefillTokens: '--prefill-tokens',
  decodeSeqs: '--decode-seqs',
  contextTokens: '--context-tokens',
  prefillRequests: '--prefill-requests',
  prefillContext: '--prefill-context',
};

/** What the command line says of a step. */
type Told = { readonly [quantity in StepQuantity]: number | undefined };

/** Not told, these follow from the prefill tokens. */
const FOLLOWING = ['prefillRequests', 'prefillContext'] as const;

/** Quantities of which the model knows nothing. */
const refuseUnread = (told: Told, read: readonly StepQuantity[]): void => {
  for (const quantity of ['contextTokens', ...FOLLOWING] as const) {
    if (told[quantity] === undefined || read.includes(quantity)) continue;
    const terms = CATALOGUE.filter(({ needs }) => needs.includes(quantity));
    const how = terms.some(({ role }) => role === 'base') ? '--model kv' : `--terms ${terms.map((t) => t.name).join()}`;
    const labels = terms.map(({ label }) => label).join(', ');
    throw usageFault(FLAG[quantity], `has no effect on a model without ${labels} (estimate with ${how})`);
  }
};

/** What a reader of the prediction must know: where it leaves what was seen, and what was taken for granted. */
const warningsOf = (told: Told, read: readonly StepQuantity[], { extrapolation }: StepTimePrediction) => [
  ...extrapolation.map(({ quantity, value, seen }) => ({
    code: 'extrapolation',
    message: `${FLAG[quantity]} ${grouped(value)} lies outside of what the fit has seen (${grouped(seen[0])} to ${grouped(seen[1])})`,
  })),
  ...(read.includes('contextTokens') && told.decodeSeqs !== undefined && told.contextTokens === undefined
    ? [
        {
          code: 'no-context',
          message: 'the model has a cost per token of context, and --context-tokens is not given: taken as 0',
        },
      ]
    : []),
  ...FOLLOWING.filter((quantity) => told.prefillTokens && told[quantity] === undefined && read.includes(quantity)).map(
    (quantity) => ({
      code: 'one-prompt',
      message: `the model asks for ${FLAG[quantity]}, which is not given: taken as of one prompt, computed from its beginning`,
    }),
  ),
];

export const verb = defineVerb({
  options: {
    betas: required(text("coefficients, as 'stepclock estimate --json' writes them", 'input')),
    'prefill-tokens': number('prefill tokens of the step [0]', count),
    'decode-seqs': number('requests that decode in the step [0]', count),
    'context-tokens': number('tokens of KV cache that the decodes read, all together [0]', count),
    'prefill-requests': number('requests that the prefill tokens belong to [1]', count),
    'prefill-context': number('sum of the positions of the prefill tokens [of one prompt, from its beginning]', count),
    ...jsonOption,
  },
  examples: [['$0 predict --betas betas.json --prefill-tokens 512 --decode-seqs 32 --context-tokens 20000', '']],
  run: async (args, session) => {
    const { betas: path, prefillTokens, decodeSeqs, contextTokens, prefillRequests, prefillContext } = args;
    const told = { prefillTokens, decodeSeqs, contextTokens, prefillRequests, prefillContext };
    if (prefillTokens === undefined && decodeSeqs === undefined) {
      throw usageFault('predict', 'needs --prefill-tokens, --decode-seqs or both: what the step processes');
    }
    const file = await readBetasFile(path, session);
    const read = quantitiesRead(file);
    refuseUnread(told, read);
    const composition = { prefillTokens: 0, decodeSeqs: 0, contextTokens: 0, ...given(told) };
    const prediction = predictStepTime(file, composition);
    const warnings = warningsOf(told, read, prediction);
    for (const { code, message } of warnings) session.log.warn(`${message} [${code}]`);
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/prediction@1',
      composition: snakeCaseFields(composition),
      ...snakeCaseFields(prediction),
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
