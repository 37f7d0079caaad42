import { ExitCode } from '@stepclock/faults';
import {
  answeredRows,
  type Bounder,
  conformalSelection,
  filterByBudget,
  jackknifeBounds,
  marginBounds,
  predictStages,
  recalibrationOf,
  type StageModel,
  type StageWarning,
  takeKnobRows,
  transferInput,
} from '@stepclock/stage-latency-recalibration';
import { positive, properFraction } from '../../options/number-rules.js';
import { choice, jsonOption, number, required, text, withDefault } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import { tableText } from '../../text/table.js';
import { csvText, idOf, knobCells } from './cells.js';
import { warn } from './input.js';
import { openStageModel, readKnobs } from './model.js';
import { knobOptions, modelOption } from './options.js';

const OUTPUT_COLUMN = 'output_tokens';

const shown = (share: number): string => String(Math.max(0, Number((100 * share).toPrecision(3))));

const bounderOf = (
  model: StageModel,
  args: { readonly rule: string; readonly margin: number | undefined },
  level: number,
): Bounder => {
  const recalibration = recalibrationOf(model);
  if (args.rule === 'margin') return marginBounds(recalibration, args.margin ?? 1.1);
  const cross = model.transfer?.cross;
  if (cross !== undefined) return jackknifeBounds(recalibration, cross, level);
  throw usageFault(
    '--model',
    "must be a file of 'stage recalibrate' for this rule: a bound needs the errors of its samples; take --rule margin for a model without them",
  );
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
    valid: text('write the accepted configurations as CSV; - is standard output', 'stream'),
    ...jsonOption,
  },
  examples: [['$0 stage filter --model a100.json --data candidates.csv --budget-ms 400 --valid valid.csv', '']],
  run: async (args, session) => {
    const { model: path, budgetMs, level = 0.9, rule } = args;
    const model = await openStageModel(path, session);
    const bounder = bounderOf(model, args, level);
    const knobs = await readKnobs(args, model, session);
    const {
      rows,
      refused,
      answer: times,
      warnings: unanswered,
    } = answeredRows(knobs, (asked, numbers) => predictStages(model, asked, numbers));
    const filtered = filterByBudget(bounder, transferInput(model.source, takeKnobRows(knobs, rows)), budgetMs);
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
    const sorted = filtered.answers.map((bounded, i) => {
      const answer =
        selection === undefined
          ? bounded
          : selection.accepted[i] === 1
            ? 'accept'
            : bounded === 'accept'
              ? 'uncertain'
              : bounded;
      return answer === 'accept' && times.far[i] === 1 ? 'uncertain' : answer;
    });
    // What the model has no answer to is to be measured.
    const answers = Array.from({ length: knobs.length }, () => 'uncertain');
    const [predictedMs, lowerMs, upperMs] = [filtered.predictedMs, filtered.lowerMs, filtered.upperMs].map((ms) => {
      const all = new Float64Array(knobs.length).fill(Number.NaN);
      rows.forEach((row, i) => {
        all[row] = ms[i];
      });
      return all;
    });
    rows.forEach((row, i) => {
      answers[row] = sorted[i];
    });
    const warnings: readonly StageWarning[] = [
      ...knobs.warnings,
      ...unanswered,
      ...times.warnings,
      ...filtered.warnings,
    ];
    warn(warnings, session);
    const count = (answer: string): number => answers.filter((one) => one === answer).length;
    const guarantee = selection?.guarantee ?? filtered.guarantee;
    const finite = (ms: number | undefined): number | null => (ms !== undefined && Number.isFinite(ms) ? ms : null);
    const names = knobs.knobs.map(({ name }) => name);
    const cells = answers.map((_, i) => knobCells(knobs, i));
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
        id: idOf(knobs, i),
        knobs: Object.fromEntries(names.map((name, k) => [name, cells[i][k]])),
        answer,
        predicted_ms: finite(predictedMs[i]),
        lower_ms: finite(lowerMs[i]),
        upper_ms: finite(upperMs[i]),
        ...(refused.has(i) ? { no_answer: refused.get(i) } : {}),
      })),
      warnings,
    });
    if (args.valid !== undefined) {
      const accepted = [...answers.keys()].filter((i) => answers[i] === 'accept');
      // The next command counts decode steps by them.
      const tokens = names.includes(OUTPUT_COLUMN) ? undefined : knobs.outputTokens;
      const lines = accepted.map((i) => [
        idOf(knobs, i),
        ...cells[i].map(String),
        ...(tokens === undefined ? [] : [String(tokens[i])]),
        predictedMs[i].toPrecision(6),
        upperMs[i].toPrecision(6),
      ]);
      const head = ['id', ...names, ...(tokens === undefined ? [] : [OUTPUT_COLUMN]), 'predicted_ms', 'upper_ms'];
      await session.writeText(args.valid, [csvText([head, ...lines])]);
    }
    if (!taken && args.valid !== '-') {
      session.print(
        `${count('accept')} accepted, ${count('reject')} rejected, ${count('uncertain')} uncertain (measure them) at ${budgetMs} ms.\nGuarantee: ${guarantee}.${rule === 'margin' ? '' : ` At least and at most hold for ${shown(level)} % each, for ${shown(2 * level - 1)} % together.`}\n`,
      );
      session.print(
        tableText(
          [
            ['id', 'answer', 'predicted ms', 'at least', 'at most', ...names],
            ...answers.map((answer, i) => [
              idOf(knobs, i),
              answer,
              ...[predictedMs, lowerMs, upperMs].map((ms) => finite(ms[i])?.toPrecision(4) ?? 'unknown'),
              ...cells[i].map(String),
            ]),
          ],
          [0, 1],
        ),
      );
    }
    return ExitCode.ok;
  },
});
