import { scenarioNames } from '@stepclock/engine-sim';
import { DECODE_CONVENTIONS, FAMILIES, METHODS, PLAN_KINDS } from '@stepclock/stage-latency-recalibration';
import { exportFormats } from '@stepclock/step-model';
import { CALIBRATION_METHODS, REGRESSORS } from '@stepclock/token2metrics';
import { formats } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { paths } from '../src/options/option.js';
import { capture } from './capture.js';
import { everyVerb } from './every-verb.js';

describe('what a package has, its verbs offer', () => {
  const TRACES = formats.map(({ name }) => name);
  it.each<[string, string, readonly string[]]>([
    ['estimate', 'format', TRACES],
    ['inspect', 'format', TRACES],
    ['convert', 'format', TRACES],
    ['replay', 'format', TRACES],
    ['export', 'to', exportFormats],
    ['token2metrics train', 'regression', ['auto', 'all', ...REGRESSORS]],
    ['token2metrics predict', 'regression', REGRESSORS],
    ['token2metrics calibrate', 'method', ['auto', ...CALIBRATION_METHODS]],
    ['stage train', 'families', FAMILIES],
    ['stage train', 'decode-convention', DECODE_CONVENTIONS],
    ['stage experiment', 'families', FAMILIES],
    ['stage experiment', 'methods', METHODS],
    ['stage recalibrate', 'method', METHODS],
    ['stage plan', 'kind', PLAN_KINDS],
  ])('%s --%s', async (name, option, names) => {
    const entry = everyVerb.find(([words]) => words === name)?.[1];
    const { yargs } = (await entry?.load())?.verb.options[option] ?? {};
    if (yargs?.choices !== undefined) expect(yargs.choices).toEqual(names);
    else for (const one of names) expect(yargs?.describe).toContain(one);
  });

  it('simulate --scenario list', async () => {
    expect((await capture(['simulate', '--scenario', 'list'])).stdout).toBe(`${scenarioNames.join('\n')}\n`);
  });
});

it('has no path where no positional is given: yargs has a list of undefined then', () => {
  expect(paths('logs', 'trace').parse([undefined], '')).toEqual([]);
  expect(paths('logs', 'trace').parse(['a', 'b'], '')).toEqual(['a', 'b']);
});

describe('every verb', () => {
  it.each(everyVerb)(
    '%s names its options in kebab case, and every path by what stands at its end',
    async (_, entry) => {
      const { options, positionals } = (await entry.load()).verb;
      for (const [name, { role }] of Object.entries({ ...positionals, ...options })) {
        expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
        const path = /^(trace|traces|log|csv|data|data-path|betas|workload|against|batch|meta|config|model-path)$/;
        if (path.test(name)) expect(role, name).toMatch(/^(input|tables|trace|models)$/);
        if (/^(json|output|report|figures)$/.test(name)) expect(role, name).toMatch(/^(file|stream|folder)$/);
      }
    },
  );
});
