import { ExitCode } from '@stepclock/faults';
import {
  type Bounder,
  conformalSelection,
  filterByBudget,
  jackknifeBounds,
  marginBounds,
  type StageModel,
  type StageWarning,
  transferInput,
} from '@stepclock/stage-latency-recalibration';
import { positive, properFraction } from '../../options/number-rules.js';
import { choice, jsonOption, number, required, withDefault } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import { tableText } from '../../text/table.js';
import { warn } from './input.js';
import { openStageModel, readKnobs } from './model.js';
import { knobOptions, modelOption } from './options.js';

const bounderOf = (
  { transfer }: StageModel,
  args: { readonly rule: string; readonly margin: number | undefined },
  level: number,
): Bounder => {
  if (transfer === undefined) {
    throw usageFault(
      '--model',
      "must be a file of 'stage recalibrate' for a budget: a bound needs the errors of its samples; got one of 'stage train'",
    );
  }
  return args.rule === 'margin'
    ? marginBounds(transfer.recalibration, args.margin ?? 1.1)
    : jackknifeBounds(transfer.recalibration, transfer.cross, level);
};

export const verb = defineVerb({
  options: {
    ...modelOption,
    ...knobOptions,
    data: required(knobOptions.data),
    'budget-ms': required(number('the budget of the whole request', positive)),
    rule: withDefault(
      'jackknife+',
      choice(
        ['jackknife+', 'margin', 'selection'],
        'bound each total, add a fixed margin, or bound the share of violations among the accepted',
      ),
    ),
    level: number('of the bound; one less it bounds the violations of selection [0.9]', properFraction),
    margin: number('of --rule margin [1.1]', positive),
    ...jsonOption,
  },
  examples: [['$0 stage filter --model a100.json --data candidates.csv --budget-ms 400', '']],
  run: async (args, session) => {
    const { model: path, budgetMs, level = 0.9, rule } = args;
    const model = await openStageModel(path, session);
    const bounder = bounderOf(model, args, level);
    const knobs = await readKnobs(args, model, session);
    const input = transferInput(model.source, knobs);
    const filtered = filterByBudget(bounder, input, budgetMs);
    const cross = model.transfer?.cross;
    const selection =
      rule === 'selection' && cross !== undefined
        ? conformalSelection(
            filtered.predictedMs,
            cross.predictedMs,
            cross.ratios.map((ratio, i) => ratio * cross.predictedMs[i]),
            budgetMs,
            1 - level,
          )
        : undefined;
    const answers =
      selection === undefined
        ? filtered.answers
        : filtered.answers.map((answer, i) =>
            selection.accepted[i] === 1 ? 'accept' : answer === 'accept' ? 'uncertain' : answer,
          );
    const warnings: readonly StageWarning[] = [...model.source.predict(knobs).warnings, ...filtered.warnings];
    warn(warnings, session);
    const count = (answer: string): number => answers.filter((one) => one === answer).length;
    const guarantee = selection?.guarantee ?? filtered.guarantee;
    const finite = (ms: number | undefined): number | null => (ms !== undefined && Number.isFinite(ms) ? ms : null);
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/stage-filter@1',
      budget_ms: budgetMs,
      rule,
      level: rule === 'margin' ? null : level,
      guarantee,
      accepted: count('accept'),
      rejected: count('reject'),
      uncertain: count('uncertain'),
      configurations: answers.map((answer, i) => ({
        answer,
        predicted_ms: filtered.predictedMs[i],
        lower_ms: filtered.lowerMs[i],
        upper_ms: finite(filtered.upperMs[i]),
      })),
      warnings,
    });
    if (!taken) {
      session.print(
        `${count('accept')} accepted, ${count('reject')} rejected, ${count('uncertain')} uncertain (measure them) at ${budgetMs} ms.\nGuarantee: ${guarantee}.\n`,
      );
      session.print(
        tableText(
          [
            ['', 'answer', 'predicted ms', 'at least', 'at most'],
            ...answers.map((answer, i) => [
              `${i + 1}`,
              answer,
              filtered.predictedMs[i].toPrecision(4),
              filtered.lowerMs[i].toPrecision(4),
              finite(filtered.upperMs[i])?.toPrecision(4) ?? 'unknown',
            ]),
          ],
          [1],
        ),
      );
    }
    return ExitCode.ok;
  },
});
