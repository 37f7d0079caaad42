import {
  type Bounder,
  conformalSelection,
  filterByBudget,
  jackknifeBounds,
  marginBounds,
  type StageWarning,
  transferInput,
} from '@stepclock/stage-latency-recalibration';
import type { StageFilterArgs } from '../commands/stage.js';
import { UsageError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { tableText } from '../text/table.js';
import { warn } from './stage-input.js';
import { readKnobs, readStageModel, type StageModelFile } from './stage-model.js';

const bounderOf = (model: StageModelFile, args: StageFilterArgs, level: number): Bounder => {
  const { recalibration, guardrail } = model;
  if (recalibration === undefined || guardrail === undefined) {
    throw new UsageError(
      "--model: must be a file of 'stage recalibrate' for a budget: a bound needs the errors of its samples; got one of 'stage train'",
    );
  }
  return args.rule === 'margin'
    ? marginBounds(recalibration, args.margin ?? 1.1)
    : jackknifeBounds(recalibration, guardrail.cross, level);
};

/** `stepclock stage filter`. */
export const runStageFilter = async (args: StageFilterArgs, session: Session): Promise<ExitCode> => {
  const { model: path = '-', budgetMs = Number.NaN, level = 0.9, rule } = args;
  await checkOutputs({ streams: { json: args.json } }, [path, ...(args.data === undefined ? [] : [args.data])]);
  const model = await readStageModel(path, session);
  const bounder = bounderOf(model, args, level);
  const knobs = await readKnobs(args, model, session);
  const input = transferInput(model.source, knobs);
  const filtered = filterByBudget(bounder, input, budgetMs);
  const { guardrail } = model;
  const selection =
    rule === 'selection' && guardrail !== undefined
      ? conformalSelection(
          filtered.predictedMs,
          guardrail.cross.predictedMs,
          guardrail.sampleTotalsMs,
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
};
