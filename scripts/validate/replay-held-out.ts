// Replay out of sample: fits a part of a log, serves another, and prints the errors of TTFT, TPOT and latency.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { METRIC_NAMES, type Replay, replay } from '@stepclock/step-model';
import { COLUMN_MAPS } from './measurements/column-maps.js';
import { REPLAY_MISSES } from './replays/replay-misses.js';
import { foretoldPart } from './replays/second-stage.js';
import {
  errorCells,
  fitted,
  overheadCell,
  percent,
  replayed,
  rulesCell,
  type ServedLog,
  servedLog,
  type Window,
} from './replays/served-log.js';
import { simulatedTruths } from './replays/simulated-truths.js';
import { KeptFigures } from './targets/kept-figures.js';

const data = process.argv[2] ?? '../shared/data';
const isQuick = process.argv.includes('--quick');
const wanted = process.argv.slice(3).filter((word) => !word.startsWith('-'));
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

/** Asked of the means, in per cent: TTFT, TPOT, latency. */
type Asked = readonly [ttft: number, tpot: number, latency: number];
const OTHER_LOAD: Asked = [15, 5, 5];
const SAME_LOAD: Asked = [10, 2, 2];
const OWN_LOG: Asked = [3, 2, 3];
const OWN_FIT: Asked = [10, 5, 5];
const TRUE_COEFFICIENTS = 1;
const WRONG_CANDIDATES = 5;
const kept = new KeptFigures(REPLAY_MISSES);
const keep = (name: string, { metrics }: Replay, asked: Asked): void => {
  for (const [m, metric] of METRIC_NAMES.entries())
    kept.check(`${name} ${metric}`, 100 * Math.abs(metrics[metric].mean.error ?? 1), asked[m]);
};

const FIGURES = ['TTFT', 'TPOT', 'latency'].flatMap((metric) => [`${metric} mean`, `${metric} p99`]);
const table = (title: string, ...head: readonly string[]): void => {
  const all = [...head, ...FIGURES];
  print(`\n### ${title}\n\n| ${all.join(' | ')} |\n|${all.map(() => '---').join('|')}|`);
};
const row = (...cells: readonly string[]): boolean => print(`| ${cells.join(' | ')} |`);

/** Seconds after a log's first arrival. */
const shifted = (log: ServedLog, [from, to]: Window): Window => {
  const first = log.requests.arrivalSec?.reduce((least, sec) => Math.min(least, sec), Infinity) ?? 0;
  return [first + from, first + to];
};

const h100 = async (): Promise<void> => {
  const folder = join(data, 'vllm-h100');
  if (!existsSync(folder)) return void print(`skipped: no ${folder}`);
  table('vLLM on H100, client logs of 20 minutes', 'log', 'fitted on, s', 'served, s', 'overhead', 'rules');
  const logs = readdirSync(folder).filter((name) => name.endsWith('.csv.gz'));
  for (const name of isQuick ? logs.slice(-1) : logs) {
    const path = join(folder, name);
    const log = await servedLog(path, path.replace('.gz', '.meta.json'), COLUMN_MAPS.h100);
    const splits: readonly (readonly [Window, Window])[] = isQuick
      ? [
          [
            [20, 620],
            [640, 1180],
          ],
        ]
      : [
          [
            [20, 620],
            [640, 1180],
          ],
          [
            [20, 320],
            [320, 620],
          ],
          [
            [640, 1180],
            [20, 620],
          ],
        ];
    for (const [fit, serve] of splits) {
      const model = fitted(log, shifted(log, fit));
      const again = replayed(log, model, shifted(log, serve));
      const cells = [name.replace('.csv.gz', ''), fit.join(':'), serve.join(':')];
      row(...cells, overheadCell(model.serving), rulesCell(model.serving), ...errorCells(again));
      keep(cells.join(' '), again, fit[0] === 20 && fit[1] === 320 ? SAME_LOAD : OTHER_LOAD);
    }
  }
};

const engineLogs = async (): Promise<void> => {
  const folder = join(data, 'vllm-requests');
  if (!existsSync(folder)) return void print(`skipped: no ${folder}`);
  table("vLLM 0.19, the engine's own logs (LLMServingSim)", 'log', 'fitted on', 'rules');
  for (const name of readdirSync(folder).sort()) {
    const log = await servedLog(join(folder, name, 'requests.jsonl'), join(folder, name, 'meta.json'));
    const { startSec, endSec } = log.trace.phases;
    const from = startSec.reduce((a, b) => Math.min(a, b), Infinity);
    const to = endSec.reduce((a, b) => Math.max(a, b), -Infinity);
    const middle = (from + to) / 2;
    const parts: readonly (readonly [string, Window | undefined])[] = [
      ['all of it', undefined],
      ['first half', [from, middle]],
      ['second half', [middle, to]],
    ];
    for (const [part, window] of isQuick ? parts.slice(1, 2) : parts) {
      const model = fitted(log, window);
      const again = replayed(log, model);
      row(name, part, rulesCell(model.serving), ...errorCells(again));
      keep(`${name} ${part}`, again, OWN_LOG);
    }
  }
};

const cpuLogs = async (): Promise<void> => {
  table('CPU engines (vLLM, llama.cpp), each served with its own fit', 'log', 'overhead', 'rules');
  for (const [folder, file] of [
    ['vllm-cpu', 'bench.json.gz'],
    ['vllm-cpu', 'otlp.jsonl.gz'],
    ['llama-cpp', 'requests.jsonl'],
  ]) {
    const root = join(data, folder);
    if (!existsSync(root)) continue;
    const runs = readdirSync(root).sort();
    for (const name of isQuick ? runs.slice(-1) : runs) {
      const log = await servedLog(join(root, name, file), join(root, name, 'meta.json'));
      const model = fitted(log);
      const cells = [`${folder}/${name} ${file.split('.')[0]}`, overheadCell(model.serving), rulesCell(model.serving)];
      const again = replayed(log, model);
      row(...cells, ...errorCells(again));
      keep(cells[0], again, OWN_FIT);
    }
  }
};

/** The largest of some values by size. */
const worst = (values: readonly number[]): string => percent(Math.max(...values.map(Math.abs)));

const simulated = (): void => {
  const seeds = Array.from({ length: isQuick ? 2 : 20 }, (_, seed) => seed + 1);
  print(`\n### Simulated truths: ${seeds.length} logs each of 400 requests, served with the true coefficients`);
  print(
    '\n| engine | TTFT mean, worst | TPOT mean, worst | latency mean, worst | rules told right | by default | wrong |',
  );
  print('|---|---|---|---|---|---|---|');
  let [asked, wrong] = [0, 0];
  for (const { name, known, hidden, coefficients, log } of simulatedTruths) {
    const all = seeds.map((seed) => replay(log(seed), coefficients, known));
    const errors = METRIC_NAMES.map((metric) => worst(all.map(({ metrics }) => metrics[metric].mean.error ?? 1)));
    const isRight = ({ settings }: Replay) => settings.asyncScheduling === (hidden.asyncScheduling ?? false);
    const told = all.filter((again) => again.rulesFrom.asyncScheduling === 'log');
    const misled = all.filter(
      (again) =>
        (again.rulesFrom.asyncScheduling === 'log' && !isRight(again)) ||
        again.settings.arrivalsReadAtSteps ||
        (again.clients !== null) !== name.startsWith('closed'),
    );
    asked += all.length;
    wrong += misled.length;
    const largest = Math.max(
      ...all.flatMap(({ metrics }) => METRIC_NAMES.map((m) => Math.abs(metrics[m].mean.error ?? 1))),
    );
    kept.check(`${name}, true coefficients`, 100 * largest, TRUE_COEFFICIENTS);
    row(name, ...errors, `${told.filter(isRight).length}`, `${all.length - told.length}`, `${misled.length}`);
  }
  kept.check('wrong candidates', (100 * wrong) / asked, WRONG_CANDIDATES);
  print(
    `\nA wrong candidate is chosen in ${wrong} of ${asked} runs (${percent(wrong / asked)}; at most 5 % are asked for).`,
  );
};

/** `capacity` of the second stage of a log, by a model of the first: which limits near the measured values it calls kept. */
const secondStages = async (): Promise<void> => {
  print(
    '\n### Limits 5 % (TPOT) and 10 % (TTFT) below and above what a second stage measured, by a model of the first',
  );
  print('\n| log | requests/s | full at, by the model | limits | kept | as measured | otherwise |');
  print('|---|---|---|---|---|---|---|');
  const rows = (name: string, { loadPerSec, saturationPerSec, slos }: ReturnType<typeof foretoldPart>): void => {
    const wrong = slos.filter(({ isKept, isForetold }) => isKept !== isForetold).map(({ slo }) => slo);
    const kept = slos.filter(({ isKept }) => isKept).length;
    const counts = [slos.length, kept, slos.length - wrong.length].map(String);
    row(name, loadPerSec.toFixed(2), saturationPerSec.toFixed(2), ...counts, wrong.join(', ') || '-');
  };
  const folder = join(data, 'vllm-h100');
  const logs = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.csv.gz')) : [];
  for (const name of isQuick ? logs.slice(-1) : logs) {
    const path = join(folder, name);
    const log = await servedLog(path, path.replace('.gz', '.meta.json'), COLUMN_MAPS.h100);
    const model = fitted(log, shifted(log, [20, 620]));
    rows(name.replace('.csv.gz', ''), foretoldPart(log, model, shifted(log, [640, 1180])));
  }
  // Both engines were asked for more than they take.
  const engines = join(data, 'vllm-requests');
  for (const name of existsSync(engines) ? readdirSync(engines).sort() : []) {
    const log = await servedLog(join(engines, name, 'requests.jsonl'), join(engines, name, 'meta.json'));
    rows(name, foretoldPart(log, fitted(log), undefined, ['ttft:p95:2s tpot:p95:60ms']));
  }
};

const PARTS = { simulated, h100, 'engine-logs': engineLogs, 'second-stages': secondStages, cpu: cpuLogs };
for (const [name, part] of Object.entries(PARTS)) {
  if (wanted.length === 0 || wanted.includes(name)) await part();
}
kept.finish(print);
