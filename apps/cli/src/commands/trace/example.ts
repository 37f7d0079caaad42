import { estimateBaseline, estimateIterative } from '@stepclock/beta-estimators';
import { ExitCode } from '@stepclock/faults';
import { betasFileOf } from '@stepclock/step-model';
import { phaseTableFrom } from '@stepclock/trace-io';
import { jsonOption } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { estimateText } from '../../text/estimate-text.js';
import { eightPhases, fourPhases } from './published-examples.js';

const CHUNK_SIZE = 64;

const EXAMPLES = [
  { title: 'the four-phase example', rows: fourPhases },
  { title: 'the eight-phase sample', rows: eightPhases },
];

/** The published quick start: both estimators on both examples, with all their diagnostics. */
export const verb = defineVerb({
  options: jsonOption,
  run: async (args, session) => {
    const examples = EXAMPLES.map(({ title, rows }) => {
      const phases = phaseTableFrom(rows);
      return {
        title,
        baseline: estimateBaseline(phases, { chunkSize: CHUNK_SIZE, correctionMode: 'uniform' }),
        iterative: estimateIterative(phases, { chunkSize: CHUNK_SIZE }),
      };
    });
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/example@1',
      examples: examples.map(({ title, baseline, iterative }) => ({
        title,
        baseline: betasFileOf(baseline),
        iterative: betasFileOf(iterative),
      })),
    });
    if (!taken) {
      const texts = examples.flatMap(({ title, baseline, iterative }) =>
        [baseline, iterative].map((estimate) =>
          estimateText(
            [session.paint.bold(`${title}, C = ${CHUNK_SIZE}, correction ${estimate.options.correctionMode}`)],
            estimate,
            session.paint,
          ),
        ),
      );
      session.print(texts.join('\n\n'));
    }
    return ExitCode.ok;
  },
});
