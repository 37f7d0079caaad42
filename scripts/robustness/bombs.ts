// Small files that stand for large ones, each given to the built program: npm run bombs [-- KIND_OR_FORMAT...]
// Every one must end in one line of error that names the bound, in less than 2 s of CPU and 400 MB. Exit code 1 where one does not.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { formats } from '@stepclock/trace-io';
import { parquetWriteBuffer } from 'hyparquet-writer';

const BIN = join(import.meta.dirname, '../../apps/cli/dist/bin.js');
const AT_EXIT = join(import.meta.dirname, '../../apps/cli/bench/at-exit.mjs');
const MOST_CPU_SEC = 2;
const MOST_MB = 400;
const UNPACKED = 400e6;
const MEMBER = 16e6;

/** A gzip file of some text and then one piece over and over, of many members: one is packed once. */
const gzipped = (before: string, piece: string): Buffer => {
  const times = Math.floor(MEMBER / Buffer.byteLength(piece));
  const member = gzipSync(Buffer.from(piece.repeat(times)), { level: 9 });
  const head = before === '' ? [] : [gzipSync(Buffer.from(before))];
  return Buffer.concat([...head, ...new Array<Buffer>(Math.round(UNPACKED / MEMBER)).fill(member)]);
};

const HEADER = 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\n';

/** What text bombs are made of: what comes first, what comes over and over, and the formats that read it where not all do. */
const TEXTS: Readonly<Record<string, readonly [before: string, piece: string, only?: string]>> = {
  brackets: ['', '['],
  'objects in objects': ['', '{"a":'],
  'line ends': ['', '\n'],
  'line ends below a header': [HEADER, '\n'],
  commas: ['', ','],
  'commas below a header': [HEADER, ','],
  'a cell': [HEADER, 'a'],
  'an open quote': [HEADER, '"a""'],
  blanks: ['{', ' '],
  zeros: ['', '0'],
  'a text': ['{"a":"', 'x'],
  'a number': ['{"a":', '1'],
  'empty documents': ['{"a":1}\n', '{}\n'],
  'empty lists in a list': ['[', '[],'],
  'empty objects in a list': ['[', '{},'],
  'short lines': ['', 'x\n'],
  'short texts in a list': ['{"requests":[', '"x",'],
  'fields of an object': ['{', '"a":1,'],
  'spans without attributes': ['{"resourceSpans":[{"scopeSpans":[{"spans":[', '{"attributes":[]},'],
  'attributes of a span': ['{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[', '{"key":"a"},'],
  'resources of a document': ['{"resourceSpans":[', '{"resource":{}},'],
  'prompt lengths of a result': ['{"input_lens":[', '1,', 'vllm-bench'],
  'gaps of a request': ['{"itls":[[', '1,', 'vllm-bench'],
  'requests without gaps': ['{"itls":[', '[],', 'vllm-bench'],
  'empty requests of a benchmark': ['{"benchmarks":[{"requests":{"successful":[', '{},', 'guidellm'],
  'empty requests of an experiment': ['{"experiments":[{"requests":[', '{},', 'genai-perf'],
  'empty requests of metrics': ['{"requests":[', '{},', 'blis-metrics'],
};

const numbered = (columns: number, cell: string): string =>
  Array.from({ length: columns }, (_, i) => `${cell}${i}`).join(',');
const attributes = (count: number): string =>
  Array.from({ length: count }, (_, i) => `{"key":"k${i}","value":{"stringValue":"v"}}`).join(',');
const flat = (columns: number, rows: number) =>
  Array.from({ length: columns }, (_, i) => ({ name: `c${i}`, data: new Array(rows).fill(1), type: 'INT32' as const }));
const parquet = (columnData: Parameters<typeof parquetWriteBuffer>[0]['columnData'], rowGroupSize?: number): Buffer =>
  Buffer.from(parquetWriteBuffer({ columnData, ...(rowGroupSize === undefined ? {} : { rowGroupSize }) }));

/** Bombs that are of one format alone. */
const SHAPED: Readonly<Record<string, () => Buffer>> = {
  'a header of 100,000 columns': () =>
    Buffer.from(`${numbered(100_000, 'c')}\n${`${numbered(100_000, '')}\n`.repeat(40)}`),
  'a span of 100,000 attributes': () =>
    gzipSync(
      Buffer.from(
        `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"llm_request","attributes":[${attributes(100_000)}]}]}]}]}\n`.repeat(
          4,
        ),
      ),
    ),
  'a JSON line of 1,000,000 fields': () =>
    gzipSync(Buffer.from(`{${Array.from({ length: 1e6 }, (_, i) => `"k${i}":1`).join(',')}}\n`.repeat(8))),
  'Parquet: 5,000 columns': () => parquet(flat(5000, 1)),
  'Parquet: 40,000 columns': () => parquet(flat(40_000, 1)),
  'Parquet: 100,000 columns': () => parquet(flat(100_000, 1)),
  'Parquet: 1,000 columns of 2,000 rows': () => parquet(flat(1000, 2000)),
  'Parquet: a text of 15 MB in 2,000 rows': () =>
    parquet([{ name: 'request_id', data: new Array(2000).fill('x'.repeat(15e6)), type: 'STRING' }]),
  'Parquet: a text of 50 MB in 2,000 rows': () =>
    parquet([{ name: 'request_id', data: new Array(2000).fill('x'.repeat(50e6)), type: 'STRING' }]),
  'Parquet: 20 texts of 1 MB in 200,000 rows': () =>
    parquet(
      Array.from({ length: 20 }, (_, i) => ({
        name: `c${i}`,
        data: new Array(200_000).fill('x'.repeat(1e6)),
        type: 'STRING' as const,
      })),
    ),
  'Parquet: 2,000 row groups': () => parquet(flat(1, 2000), 1),
  'Parquet: 30,000 row groups': () => parquet(flat(1, 30_000), 1),
  'Parquet: 50 columns of 2,000,000 equal rows': () => parquet(flat(50, 2_000_000)),
  'Parquet: a footer of zeros': () => {
    const footer = Buffer.alloc(7 * 2 ** 20);
    footer.write('PAR1');
    footer.writeUInt32LE(footer.length - 12, footer.length - 8);
    footer.write('PAR1', footer.length - 4);
    return footer;
  },
};

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly cpuSec: number;
  readonly peakMb: number;
}

const ended = (argv: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const program = spawn(process.execPath, ['--import', AT_EXIT, BIN, ...argv], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let [stderr, told] = ['', ''];
    program.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    program.stdio[3]?.on('data', (bytes: Buffer) => {
      told += bytes.toString();
    });
    const timer = setTimeout(() => program.kill('SIGKILL'), 60_000);
    program.on('close', (code) => {
      clearTimeout(timer);
      const { cpuSec, peakMb } = told === '' ? { cpuSec: Infinity, peakMb: Infinity } : JSON.parse(told);
      resolve({ code, stderr: stderr.trim(), cpuSec, peakMb });
    });
  });

/** The verb that reads rows of groups with a reader of its own. */
const MAP = 'map';

/** What the formats that need `--map` are told, so that their readers are reached. */
const MAPS: Readonly<Record<string, string>> = {
  mapped: 'start=a,first=b,last=c,prompt=d,output=e',
  'mapped-steps': 'seconds=a,prefill_tokens=b,decode_seqs=c',
};

const argvOf = (format: string, file: string): readonly string[] => {
  if (format === MAP) return [MAP, file];
  const argv = ['inspect', file, ...(format === 'auto' ? [] : ['--format', format])];
  const map = MAPS[format];
  return map === undefined ? argv : [...argv, '--map', map];
};

const wanted = process.argv.slice(2);
const isWanted = (...words: readonly string[]): boolean =>
  wanted.length === 0 || words.some((word) => wanted.some((w) => word.includes(w)));

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const folder = mkdtempSync(join(tmpdir(), 'stepclock-bombs-'));
const most = { cpuSec: 0, peakMb: 0, bombs: 0, missed: 0 };
const check = async (kind: string, format: string, file: string, bytes: number): Promise<void> => {
  const { code, stderr, cpuSec, peakMb } = await ended(argvOf(format, file));
  // Rows without the separator that `map` was told are bad usage.
  const refused = code === 1 || (format === MAP && code === 2);
  const fine = refused && stderr.split('\n').length === 1 && cpuSec < MOST_CPU_SEC && peakMb < MOST_MB;
  most.bombs++;
  if (!fine) most.missed++;
  most.cpuSec = Math.max(most.cpuSec, cpuSec);
  most.peakMb = Math.max(most.peakMb, peakMb);
  const message = stderr.replaceAll(file, 'FILE').split('\n').slice(0, 2).join(' / ').slice(0, 110);
  const size = (bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 0);
  say(
    `| ${kind} | ${format} | ${size} | ${code} | ${cpuSec.toFixed(1)} | ${peakMb.toFixed(0)} | ${message} | ${fine ? '' : 'MISSED'} |`,
  );
};

try {
  say('| what it is full of | read as | MB | exit | CPU s | peak MB | message | |\n|---|---|--:|--:|--:|--:|---|---|');
  for (const [kind, [before, piece, only]] of Object.entries(TEXTS)) {
    const names = ['auto', MAP, ...formats.map(({ name }) => name)].filter(
      (name) => (only === undefined || name === only || name === 'auto') && isWanted(kind, name),
    );
    if (names.length === 0) continue;
    const file = join(folder, 'bomb.gz');
    const bytes = gzipped(before, piece);
    writeFileSync(file, bytes);
    for (const name of names) await check(kind, name, file, bytes.length);
  }
  for (const [kind, make] of Object.entries(SHAPED)) {
    if (!isWanted(kind)) continue;
    const file = join(folder, kind.startsWith('Parquet') ? 'bomb.parquet' : 'bomb');
    const bytes = make();
    writeFileSync(file, bytes);
    await check(kind, 'auto', file, bytes.length);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
say(
  `\n${most.bombs} bombs, at most ${most.cpuSec.toFixed(1)} s of CPU and ${most.peakMb.toFixed(0)} MB; ${most.missed} not as asked`,
);
if (most.missed > 0) process.exitCode = 1;
