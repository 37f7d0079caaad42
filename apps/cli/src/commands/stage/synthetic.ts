import { ExitCode } from '@stepclock/faults';
import { syntheticGpuCsv } from '@stepclock/stage-latency-recalibration';
import { given } from '../../options/given.js';
import { atMost, notNegative, positiveIntegerUpTo } from '../../options/number-rules.js';
import { number, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { seedOption } from './options.js';

export const verb = defineVerb({
  options: {
    configurations: number('how many, at most 10000 [240]', positiveIntegerUpTo(10_000)),
    repeats: number('measurements of each on each GPU, at most 100 [3]', positiveIntegerUpTo(100)),
    noise: number('standard deviation of log(time), at most 5 [0.015]', atMost(5, notNegative)),
    stragglers: number('share of times hit by a straggler, at most 1 [0.005]', atMost(1, notNegative)),
    output: text('where the CSV goes; - is standard output [-]', 'stream'),
    ...seedOption,
  },
  run: async (args, session) => {
    const { configurations, repeats, noise, stragglers, seed, output } = args;
    const csv = syntheticGpuCsv(given({ configurations, repeats, noise, stragglers, seed }));
    await session.writeText(output, [csv]);
    return ExitCode.ok;
  },
});
