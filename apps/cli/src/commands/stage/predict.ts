import { ExitCode } from '@stepclock/faults';
import { predictStages, totalInterval } from '@stepclock/stage-latency-recalibration';
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
    const { stagesMs, totalMs, far, warnings: found } = predictStages(model, knobs);
    const warnings = [...knobs.warnings, ...found];
    warn(warnings, session);
    const interval = totalInterval(model, knobs, totalMs);
    const names = stagesMs === null ? [] : model.source.stageNames;
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/stage-prediction@1',
      unit: 'ms',
      interval_level: interval?.level ?? null,
      predictions: Array.from(totalMs, (total, i) => ({
        ...Object.fromEntries(names.map((name, k) => [name, stagesMs?.[k]?.[i]])),
        T_total: total,
        ...(interval === null ? {} : { T_total_low: interval.lowMs[i], T_total_high: interval.highMs[i] }),
        ...(far[i] === 1 ? { far_from_samples: true } : {}),
      })),
      warnings,
    });
    if (!taken) {
      session.print(
        tableText([
          ['ms', ...names, 'total', ...(interval === null ? [] : [`${100 * interval.level} % interval`])],
          ...Array.from(totalMs, (total, i) => [
            idOf(knobs, i),
            ...names.map((_, k) => (stagesMs?.[k]?.[i] ?? Number.NaN).toPrecision(4)),
            `${total.toPrecision(4)}${far[i] === 1 ? ' ?' : ''}`,
            ...(interval === null
              ? []
              : [`${interval.lowMs[i].toPrecision(4)} to ${interval.highMs[i].toPrecision(4)}`]),
          ]),
        ]),
      );
    }
    return ExitCode.ok;
  },
});
