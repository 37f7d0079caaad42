import { ExitCode } from '@stepclock/faults';
import { answeredRows, predictStages, takeKnobRows, totalInterval } from '@stepclock/stage-latency-recalibration';
import { jsonOption, list } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { tableText } from '../../text/table.js';
import { idOf } from './cells.js';
import { warn } from './input.js';
import { openStageModel, readKnobs } from './model.js';
import { knobOptions, modelOption } from './options.js';

export const verb = defineVerb({
  options: {
    ...modelOption,
    ...knobOptions,
    set: list('knobs of one configuration, as name=value'),
    ...jsonOption,
  },
  examples: [
    [
      '$0 stage predict --model h100.json --set vision_tokens=576,prompt_tokens=64,active_blocks=32 --decode-steps 32',
      '',
    ],
  ],
  run: async (args, session) => {
    const model = await openStageModel(args.model, session);
    const knobs = await readKnobs(args, model, session);
    const {
      rows,
      refused,
      answer,
      warnings: unanswered,
    } = answeredRows(knobs, (asked, numbers) => predictStages(model, asked, numbers));
    const { stagesMs, totalMs, far } = answer;
    const warnings = [...knobs.warnings, ...unanswered, ...answer.warnings];
    warn(warnings, session);
    const interval = totalInterval(model, takeKnobRows(knobs, rows), totalMs);
    const names = stagesMs === null ? [] : model.source.stageNames;
    const placeOf = new Map(Array.from(rows, (row, i) => [row, i]));
    /** Of each row of the table: its place among the answers, where it has one. */
    const each = <T>(say: (row: number, i: number | undefined) => T): T[] =>
      Array.from({ length: knobs.length }, (_, row) => say(row, placeOf.get(row)));
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/stage-prediction@1',
      unit: 'ms',
      interval_level: interval?.level ?? null,
      predictions: each((row, i) =>
        i === undefined
          ? { T_total: null, no_answer: refused.get(row) }
          : {
              ...Object.fromEntries(names.map((name, k) => [name, stagesMs?.[k]?.[i]])),
              T_total: totalMs[i],
              ...(interval === null ? {} : { T_total_low: interval.lowMs[i], T_total_high: interval.highMs[i] }),
              ...(far[i] === 1 ? { far_from_samples: true } : {}),
            },
      ),
      warnings,
    });
    if (!taken) {
      session.print(
        tableText([
          ['ms', ...names, 'total', ...(interval === null ? [] : [`${100 * interval.level} % interval`])],
          ...each((row, i) =>
            i === undefined
              ? [idOf(knobs, row), ...names.map(() => ''), 'no answer', ...(interval === null ? [] : [''])]
              : [
                  idOf(knobs, row),
                  ...names.map((_, k) => (stagesMs?.[k]?.[i] ?? Number.NaN).toPrecision(4)),
                  `${totalMs[i].toPrecision(4)}${far[i] === 1 ? ' ?' : ''}`,
                  ...(interval === null
                    ? []
                    : [`${interval.lowMs[i].toPrecision(4)} to ${interval.highMs[i].toPrecision(4)}`]),
                ],
          ),
        ]),
      );
    }
    return ExitCode.ok;
  },
});
