import { numberOption, properFraction, textOption } from '../number-option.js';
import { defineVerb, jsonOption } from '../verb.js';

export const steps = defineVerb({
  command: 'steps <log>',
  describe:
    "fit the coefficients to an engine's own step log (vLLM's iteration lines, or a CSV of steps): the ground truth",
  examples: [
    ['$0 steps vllm.log --against betas.json', 'compare with an estimate of the same run from its request log'],
  ],
  options: (yargs) =>
    yargs.positional('log', { type: 'string', demandOption: true, describe: 'the log; - is standard input' }).options({
      model: {
        choices: ['auto', 'linear', 'kv'] as const,
        requiresArg: true,
        describe: 'three coefficients, four, or what the log has [auto]',
      },
      ci: numberOption('ci', 'level of the confidence intervals [0.95]', properFraction),
      against: textOption('against', 'a betas file to compare with'),
      ...jsonOption,
    }),
  run: async (args, session) => (await import('../verbs/steps.js')).runSteps(args, session),
});

/** What `steps` is given. */
export interface StepsArgs {
  readonly log: string;
  readonly model?: 'auto' | 'linear' | 'kv' | undefined;
  readonly ci?: number | undefined;
  readonly against?: string | undefined;
  readonly json?: string | undefined;
}
