import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { beforeEach, describe, expect, it } from 'vitest';
import { doctorSchema } from '../src/commands/doctor/diagnosis.js';
import { capture } from './capture.js';
import { ownFolder } from './own-folder.js';
import { stepclock } from './program.js';

const fixtures = join(import.meta.dirname, '../../../fixtures');
const folder = ownFolder('doctor');
beforeEach(folder.emptied);

/** What the doctor says of files, by its published schema, and how it ended. */
const told = async (...paths: readonly string[]) => {
  const { code, stdout } = await capture(['doctor', ...paths, '--json=-']);
  return { code, files: v.parse(doctorSchema, JSON.parse(stdout)).files };
};

/** The words of a command, as a shell takes them. */
const wordsOf = (command: string): readonly string[] =>
  [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '').slice(1);

describe('what it proposes works', () => {
  // A search for a rate and a training take seconds: one of the first stands for all, and the others have tests of their own.
  const isQuick = (line: string, path: string): boolean =>
    !/^stepclock (?:token2metrics|stage) /.test(line) && (!line.includes(' capacity ') || path.includes('guidellm'));
  it.each([
    ['traces/vllm-cpu/steady/bench.json.gz', 'token times', 5],
    ['formats/requests.jsonl', 'phase times', 3],
    ['formats/guidellm.json', 'phase times', 3],
    ['formats/otlp.jsonl', 'phase times', 3],
    ['formats/phases.csv', 'phase times', 1],
    ['formats/vllm.log', 'steps', 2],
    ['formats/fpm.jsonl', 'steps', 2],
    ['formats/azure.csv', 'lengths', 1],
    ['step-time/synthetic_one_outlier.csv', 'measurements', 1],
    ['token2metrics/synthetic.csv', 'measurements', 1],
    ['stage/two-gpus.csv', 'measurements', 1],
  ])('%s: %s', { timeout: 120_000 }, async (path, evidence, count) => {
    const { code, files } = await told(join(fixtures, path));
    const [found] = files;
    expect(code).toBe(0);
    expect(found?.evidence).toBe(evidence);
    const commands = found?.answers.flatMap((answer) => answer.commands) ?? [];
    expect(commands).toHaveLength(count);
    for (const command of commands.filter((line) => isQuick(line, path))) {
      const { code: ended, stderr } = await stepclock(wordsOf(command), undefined, folder.home);
      expect(ended, `${command}\n${stderr}`).toBe(0);
    }
  });
});

it('a replay is tried before it is proposed: where it misses, that is said of the capacity too', async () => {
  const narrow = ['--requests=200', '--seed=1', '--max-num-seqs=8', '--max-num-batched-tokens=256'];
  await capture(['simulate', '--scenario=kv', ...narrow, `--output=${folder.at('log.jsonl')}`]);
  const told = async () => (await capture(['doctor', folder.at('log.jsonl')])).stdout;
  expect(await told()).toMatch(/serves the same requests again: TTFT -?0\.\d+ %, TPOT/);
  rmSync(folder.at('log.jsonl.meta.json'));
  const missed = await told();
  expect(missed).toMatch(/serves the same requests again: TTFT -\d\d\.\d+ %/);
  expect(missed).toContain('how many replicas a load needs; not before the replay comes near');
  expect(missed).toMatch(/beware .*give --max-num-batched-tokens and --max-num-seqs; .*\[replay-misses\]/);
});

describe('what answers nothing is named, with what to give instead', () => {
  it.each([
    [
      'a command without the flag',
      'vllm bench serve --model m --save-result',
      /a command: .* without --save-detailed/,
      /again with --save-detailed/,
    ],
    [
      'settings',
      '{"max_num_batched_tokens": 512}',
      /settings of an engine: max_num_batched_tokens 512/,
      /beside a trace/,
    ],
    [
      'throughput over time',
      't,prompt_throughput,gen_throughput,running\n1,2,3,4\n',
      /throughput over time/,
      /log of requests/,
    ],
    ['half a table', 'id,arrival,first,prompt_tokens,output_tokens\n1,0,1,2,3\n', /no known format/, /last=\?/],
    [
      'a broken log',
      'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\nA,prefill,x,2,96,0\n',
      /cannot be read/,
      /:2:t_start/,
    ],
    ['prose', 'a line\nand another\n', /no known format/, /plain text/],
  ])('%s', async (_, text, is, instead) => {
    writeFileSync(folder.at('file'), text);
    const { code, files } = await told(folder.at('file'));
    expect(code).toBe(1);
    expect(files[0]?.answers).toEqual([]);
    expect(files[0]?.is).toMatch(is);
    expect(files[0]?.instead).toMatch(instead);
  });

  it('standard input, which it cannot read twice', async () => {
    const { code, stderr } = await capture(['doctor', '-']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('must be given files')]);
  });
});

it('a folder is told file by file; one that answers is enough', async () => {
  mkdirSync(folder.at('run'), { recursive: true });
  copyFileSync(join(fixtures, 'formats/aiperf.jsonl'), folder.at('run/profile_export.jsonl'));
  writeFileSync(folder.at('run/profile_export_aiperf.json'), '{"aiperf_version": "0.13"}');
  const { code, files } = await told(folder.at('run'));
  expect(code).toBe(0);
  expect(files.map(({ answers }) => answers.length > 0)).toEqual([true, false]);
});

it('columns that it guesses are a guess, in a unit in which a token is possible', async () => {
  const rows = Array.from(
    { length: 40 },
    (_, i) => `${i},${1000 * i},${1000 * i + 40},${1000 * i + 840},${100 + i},41`,
  );
  writeFileSync(
    folder.at('log.csv'),
    ['id,started,first_token,last_token,prompt_tokens,output_tokens', ...rows].join('\n'),
  );
  const { files } = await told(folder.at('log.csv'));
  expect(files[0]?.answers[0]?.commands[0]).toContain(
    '--map id=id,start=started,first=first_token,last=last_token,prompt=prompt_tokens,output=output_tokens --time-unit ms',
  );
  expect(files[0]?.warnings.map(({ code }) => code)).toContain('guessed-columns');
});

it('a model answers questions, a result does not', async () => {
  const { stdout } = await capture(['estimate', join(fixtures, 'formats/requests.jsonl'), '--json=-']);
  writeFileSync(folder.at('betas.json'), stdout);
  const model = await told(folder.at('betas.json'));
  expect(model.files[0]?.evidence).toBe('model');
  const inspected = await capture(['inspect', join(fixtures, 'formats/requests.jsonl'), '--json=-']);
  writeFileSync(folder.at('inspection.json'), inspected.stdout);
  expect((await told(folder.at('inspection.json'))).code).toBe(1);
});

it('says it in words', async () => {
  const { stdout } = await capture(['doctor', join(fixtures, 'formats/guidellm.json')]);
  expect(stdout).toContain('  answers  the cost of a step: seconds per step');
  expect(stdout).toMatch(/ {2}lacks {4}the time of every token.*\n +GuideLLM keeps first and last tokens only/);
});

it('a result without its requests is one, and not a broken log', async () => {
  writeFileSync(
    folder.at('plain.json'),
    '{"date": "20260101-000000", "backend": "vllm", "num_prompts": 3, "completed": 3, "request_throughput": 4.1, "mean_ttft_ms": 30.1, "mean_tpot_ms": 9.1, "total_input_tokens": 30, "total_output_tokens": 30, "duration": 3.1}',
  );
  const { code, files } = await told(folder.at('plain.json'));
  expect(code).toBe(1);
  expect(files[0]?.is).toBe('a vllm bench result without its requests one by one');
  expect(files[0]?.instead).toMatch(/--save-result --save-detailed/);
});

it.each([
  ['aiperf profile --model m --streaming', /profile_export\.jsonl/],
  ['guidellm run --target http://127.0.0.1:8000', /benchmarks\.json/],
  ['evalscope perf --model m --stream', /benchmark_data\.db/],
  ['inference-perf --config_file in.yml', /per_request_lifecycle_metrics\.json/],
])('the command %s names the file that it wrote', async (command, file) => {
  writeFileSync(folder.at('command.txt'), `${command}\n`);
  expect((await told(folder.at('command.txt'))).files[0]?.instead).toMatch(file);
});

it('stages under other names are trained by those names, of one machine', async () => {
  const rows = ['a100', 'h100'].flatMap((gpu, g) =>
    Array.from(
      { length: 24 },
      (_, i) => `${i},${gpu},${64 * (1 + (i % 6))},${1 + Math.floor(i / 6)},${1 + i + g},${2 + i}`,
    ),
  );
  writeFileSync(folder.at('ops.csv'), ['config_id,gpu,num_tokens,tp,T_qkv_ms,T_mlp_ms', ...rows].join('\n'));
  const { files } = await told(folder.at('ops.csv'));
  const [command = ''] = files[0]?.answers[0]?.commands ?? [];
  expect(command).toContain('--stages T_qkv_ms,T_mlp_ms --features num_tokens,tp --filter gpu=a100');
  expect(files[0]?.warnings.map(({ code }) => code)).toContain('guessed-columns');
  const { code, stderr } = await stepclock([...wordsOf(command), '--families', 'linear'], undefined, folder.home);
  expect(code, stderr).toBe(0);
});

it('decode steps from which nothing can be fitted are told what is missing', async () => {
  const rows = [1, 2, 4, 8, 16, 32].map((batch) => `${batch},512,${0.01 + batch / 1000}`);
  writeFileSync(folder.at('steps.csv'), ['batch_size,avg_seq_len,step_time', ...rows].join('\n'));
  const { code, files } = await told(folder.at('steps.csv'));
  expect([code, files[0]?.answers]).toEqual([1, []]);
  expect(files[0]?.instead).toMatch(/linearly independent.*several sizes at several contexts/);
});

it('a budget that the steps show goes into the commands where nothing says it', async () => {
  // Its settings lie in its folder, not beside the copy.
  copyFileSync(join(fixtures, 'traces/vllm-cpu/ramp/bench.json.gz'), folder.at('bench.json.gz'));
  const { files } = await told(folder.at('bench.json.gz'));
  const replay = files[0]?.answers.flatMap(({ commands }) => commands).find((line) => line.includes(' replay '));
  expect(replay).toMatch(/ --max-num-batched-tokens 512$/);
});
