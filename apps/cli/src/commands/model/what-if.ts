import { ExitCode } from '@stepclock/faults';
import {
  parseChange,
  servingOfModel,
  snakeCaseFields,
  tellsScheduling,
  whatIf,
  whatIfJson,
  whatIfReport,
  whatIfText,
} from '@stepclock/step-model';
import { given } from '../../options/given.js';
import { atMost, integer, positiveInteger, wholeNumber } from '../../options/number-rules.js';
import { jsonOption, number, required, text } from '../../options/option.js';
import { reportOptions } from '../../options/picture-options.js';
import { traceOptions } from '../../options/trace-options.js';
import { defineVerb } from '../../options/verb.js';
import { provenanceOf } from '../../reports/provenance.js';
import { wantsReport } from '../../reports/report-targets.js';
import { ofOption, usageFault } from '../../session/errors.js';
import { shareProgress } from '../../session/progress.js';
import { readBetasFile } from './betas-input.js';
import { limitsOf, warnOfNoBudget } from './limits.js';
import { betasOption, modelPathOf, modelPositional } from './load-options.js';
import { readReplayedLog } from './replayed-log.js';

export const verb = defineVerb({
  positionals: modelPositional,
  options: {
    ...betasOption,
    requests: required(text('the log whose requests are served again, as they were and with the change', 'trace')),
    change: text(
      'what is different, NAME=VALUE apart by blanks: rate=x2 outputs=x1.3 prompts=x0.5 prefix-hit=0.5 prefix-blocks=9 max-num-seqs= max-num-batched-tokens= kv-tokens= chunk-size= data-parallel= policy=prefill-first',
    ),
    'to-model': text('the model of the changed engine: another GPU, another tensor parallel size', 'input'),
    draws: number('replays of both with drawn coefficients, for the bands; 0 for none [20]', atMost(1000, wholeNumber)),
    seed: number('seed of the draws [0]', integer),
    ...traceOptions,
    'max-num-batched-tokens': number(
      "the token budget a step, as it was [the log's, else the model's]",
      positiveInteger,
    ),
    'max-num-seqs': number("most requests running at once, as it was [the log's, else the model's]", positiveInteger),
    'kv-tokens': number("capacity of the KV cache, tokens, as it was [the log's, else the model's]", positiveInteger),
    ...jsonOption,
    ...reportOptions,
  },
  examples: [
    ['$0 what-if betas.json --requests requests.jsonl --change rate=x2', ''],
    ['$0 what-if betas.json --requests requests.jsonl --change "prefix-hit=0.5 max-num-seqs=64"', ''],
    ['$0 what-if a100.json --requests requests.jsonl --to-model h100.json', 'the same load on another engine'],
  ],
  run: async (args, session) => {
    const { change: said = '', toModel } = args;
    const change = ofOption('--change', () => parseChange(said));
    if (Object.keys(change).length === 0 && toModel === undefined) {
      throw usageFault('what-if', 'a change is missing: --change rate=x2, or --to-model other.json');
    }
    const path = modelPathOf('what-if', args);
    const model = await readBetasFile(path, session);
    const other = toModel === undefined ? undefined : await readBetasFile(toModel, session);
    const { requests, settings, name, sha256 } = await readReplayedLog(args.requests, model, args, session);
    const limits = limitsOf({ ...args, policy: model.policy }, settings);
    warnOfNoBudget(limits, session.log);
    const progress = shareProgress(session.io.stderr, 'replaying with drawn coefficients');
    const found = whatIf(requests, model, limits, change, {
      ...servingOfModel(model, tellsScheduling(requests)),
      ...given({ seed: args.seed, draws: args.draws, engine: settings.engine, other }),
      onProgress: progress.update,
    });
    progress.finish();
    const noBands = { code: 'no-bands', message: 'the model has no covariance: the differences have no bands' };
    const warnings = [...found.warnings, ...(args.draws !== 0 && found.bands === null ? [noBands] : [])];
    for (const { code, message } of warnings) session.log.warn(`${message} [${code}]`);
    const taken = await session.writeJson(args.json, {
      ...whatIfJson(found),
      change: snakeCaseFields(change),
      to_model: toModel ?? null,
      warnings,
      stepclock_version: session.version,
    });
    if (!taken) session.print(whatIfText(found));
    if (wantsReport(args)) {
      const { writeReport } = await import('../../reports/write-report.js');
      const inputs = [{ name: path }, ...(toModel === undefined ? [] : [{ name: toModel }]), { name, sha256 }];
      const subtitle = [said, ...(toModel === undefined ? [] : [toModel])].filter((part) => part !== '').join(', ');
      await writeReport(whatIfReport({ found, subtitle, provenance: provenanceOf(session, inputs) }), args, session);
    }
    return ExitCode.ok;
  },
});
