import { ExitCode } from '@stepclock/faults';
import { EnginesFitter, snakeCaseFields } from '@stepclock/step-model';
import { readTraceFile } from '../../files/trace-input.js';
import { given } from '../../options/given.js';
import { hardwareOptions } from '../../options/hardware-options.js';
import { positiveInteger, properFraction } from '../../options/number-rules.js';
import { choice, flag, jsonOption, number, required, text } from '../../options/option.js';
import { termNames } from '../../options/term-names.js';
import { traceOptions } from '../../options/trace-options.js';
import { defineVerb } from '../../options/verb.js';
import { about, inputFault, usageFault } from '../../session/errors.js';
import { comparisonText, matchText } from '../../text/steps-comparison-text.js';
import { showTokenEstimate } from '../estimate/show-token-estimate.js';
import { tokenEstimate } from '../estimate/token-evidence.js';
import { physicsOf } from '../model/physical-words.js';
import { possibleOf } from '../model/physics.js';
import { chromeTrace } from './chrome-trace.js';
import { showStepLog, showWindows } from './fit-step-log.js';
import { followSteps } from './follow-steps.js';
import { rebuiltStepsCsv } from './rebuilt-steps.js';
import { readStepReference } from './step-reference.js';
import { tokenStepsAgainst } from './steps-of-tokens.js';

/** What a rebuilt step log is written as: CSV, which this verb reads, or the trace that Perfetto and speedscope show. */
const STEP_TARGETS = ['csv', 'chrome-trace'] as const;

export const verb = defineVerb({
  positionals: { log: required(text('the log; - is standard input', 'trace')) },
  options: {
    model: choice(['auto', 'linear', 'kv'], 'three coefficients, four, or what the log has [auto]'),
    terms: text('terms of the cost, by name, apart by commas: step,prefill_tokens,prefill_step,... [auto]'),
    weights: choice(['inverse-seconds', 'none'], 'of a step: 1 / its fitted time, or all alike [inverse-seconds]'),
    estimate: choice(
      ['mean', 'robust'],
      'of the steps that are no stalls: their mean, or their middle, scaled to the measured time [mean]',
    ),
    stalls: choice(
      ['apart', 'in'],
      'steps far beyond the noise: set apart and counted, or fitted too [apart; in with --weights none]',
    ),
    time: choice(
      ['elapsed', 'period'],
      'of a step: what the engine says it took, or from the end of the step before to its own [elapsed, unless it is waiting]',
    ),
    'all-steps': flag(
      'fit every step of a long log too, and not an even part of its blocks from a quarter of a million steps on',
    ),
    follow: flag('print a fit of the last ten windows, a JSON line a window, as the log grows'),
    window: number('--follow: steps of a window [1000]', positiveInteger),
    pool: flag('several engines: pool their coefficients instead of fitting each apart'),
    ci: number('level of the confidence intervals [0.95]', properFraction),
    against: text("a betas file, or (for token times) the engine's own step log, to compare with", 'input'),
    'max-num-batched-tokens': number('token times: the token budget a step [from meta.json]', positiveInteger),
    output: text('token times: write the rebuilt step log here', 'file'),
    to: choice(STEP_TARGETS, 'token times: as what it is written [csv]'),
    ...traceOptions,
    ...hardwareOptions,
    ...jsonOption,
  },
  examples: [
    ['$0 steps fpm.jsonl.gz', 'what Dynamo, SGLang or TensorRT-LLM wrote of its steps'],
    ['$0 steps steps.jsonl --map seconds=exec_s,end=ts,prefill_tokens=ctx,decode_seqs=gen', 'any table of steps'],
    ['$0 steps vllm.log --against betas.json', 'compare with an estimate of the same run from its request log'],
    ['$0 steps bench.json --against steps.csv', "compare the steps that token times show with the engine's own log"],
    ['$0 steps bench.json --to chrome-trace --output trace.json', 'a timeline for Perfetto or speedscope'],
  ],
  run: async (args, session) => {
    const possible = await possibleOf(args, session);
    const options = given({
      model: args.model,
      terms: termNames(args.terms),
      weights: args.weights,
      estimate: args.estimate,
      stalls: args.stalls,
      time: args.time,
      allSteps: args.allSteps,
      level: args.ci,
    });
    if (args.follow) {
      for (const option of ['json', 'against', 'output', 'to', 'pool'] as const) {
        if (args[option] !== undefined) throw usageFault(`--${option}`, 'cannot go with --follow');
      }
      await followSteps(args.log, args, options, args.window ?? 1000, session);
      return ExitCode.ok;
    }
    if (args.window !== undefined) throw usageFault('--window', 'is for --follow');
    const fitter = new EnginesFitter(options);
    // What is asked of the steps a second time keeps them.
    const isStreamed = args.against === undefined && !args.pool;
    const input = await readTraceFile(
      args.log,
      args,
      session,
      isStreamed ? (block) => about(args.log, () => fitter.add(block)) : undefined,
    );
    const { trace, name } = input;
    if (trace.kind === 'tokens' || (trace.kind === 'phases' && trace.tokens !== undefined)) {
      for (const option of ['model', 'weights', 'estimate', 'stalls', 'time', 'pool'] as const) {
        if (args[option] === undefined) continue;
        throw usageFault(`--${option}`, 'is for step logs; --output writes one of these token times');
      }
      const { maxNumBatchedTokens, terms, ci } = args;
      const found = tokenEstimate([input], given({ evidence: 'tokens', maxNumBatchedTokens, terms, ci }), session);
      if (found === undefined) throw inputFault(name, 'must have token times');
      const physics = physicsOf(found, possible);
      const estimate = { ...found, warnings: [...found.warnings, ...physics.warnings] };
      if (args.to !== undefined && args.output === undefined) throw usageFault('--to', 'needs --output');
      if (args.output !== undefined) {
        const { steps } = estimate;
        await session.writeText(
          args.output,
          args.to === 'chrome-trace' ? chromeTrace(steps, name) : rebuiltStepsCsv(steps),
        );
      }
      const { against } = args;
      const shown = async (further: Readonly<Record<string, unknown>>): Promise<ExitCode> => {
        const code = await showTokenEstimate(estimate, input, args.json, session, { ...further, ...physics.json });
        if (args.json !== '-') for (const line of physics.text) session.print(line);
        return code;
      };
      if (against === undefined) return await shown({});
      const comparison = tokenStepsAgainst(estimate, await readStepReference(against, session), against);
      const taken = await shown({ against: { file: against, ...snakeCaseFields(comparison) } });
      if (args.json !== '-') {
        const { match } = comparison;
        session.print(
          ['', `against ${against}`, ...(match === null ? [] : [matchText(match)]), comparisonText(comparison)].join(
            '\n',
          ),
        );
      }
      return taken;
    }
    for (const option of ['output', 'to'] as const) {
      if (args[option] !== undefined) throw usageFault(`--${option}`, 'is for files with token times');
    }
    if (trace.kind === 'windows') {
      for (const option of ['model', 'weights', 'estimate', 'stalls', 'time', 'pool', 'against'] as const) {
        if (args[option] !== undefined)
          throw usageFault(`--${option}`, 'is for step logs: of windows only sums are known');
      }
      await showWindows(trace, input, { options, json: args.json, possible }, session);
      return ExitCode.ok;
    }
    if (trace.steps === undefined) {
      throw inputFault(
        name,
        `must have step lines such as 'Iteration(1): ... iteration elapsed time: 10.99 ms', or be a CSV with duration_sec, prefill_tokens and decode_tokens; got a ${trace.facts.format} file`,
      );
    }
    const { pool = false, against, json } = args;
    if (!isStreamed) about(name, () => trace.steps && fitter.add(trace.steps));
    await showStepLog(
      () => fitter.fits(),
      isStreamed ? undefined : trace.steps,
      input,
      { options, pool, against, json, possible },
      session,
    );
    return ExitCode.ok;
  },
});
