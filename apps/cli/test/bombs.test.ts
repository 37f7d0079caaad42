import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { stepclock } from './program.js';

let folder = '';
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stepclock-bombs-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Measured {
  readonly code: number | null;
  readonly stderr: string;
  /** The most memory that the process was seen to hold. */
  readonly peakMb: number;
}

const measured = (argv: readonly string[]): Promise<Measured> =>
  new Promise((resolve) => {
    const program = spawn(process.execPath, [inject('program'), ...argv], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    let peakKb = 0;
    program.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const look = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${program.pid}/status`, 'utf8');
        peakKb = Math.max(peakKb, Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1] ?? 0));
      } catch {
        // It has ended.
      }
    }, 20);
    program.on('close', (code) => {
      clearInterval(look);
      resolve({ code, stderr, peakMb: peakKb / 1024 });
    });
  });

const HEADER = 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\n';

describe.skipIf(!existsSync('/proc/self/status'))(
  'a file that unpacks to 200 MB, or what is read as a whole to 60 MB',
  { timeout: 120_000 },
  () => {
    const LEVELS = 'must have at most 200 levels of nesting';
    const TEXT = 'must have at most 8388608 bytes in one text or run of blanks';
    it.each([
      ['of brackets', '', '[', ['inspect'], LEVELS],
      ['of objects in objects', '', '{"a":', ['inspect'], LEVELS],
      ['of line ends', HEADER, '\n', ['inspect'], 'must have at most 1048576 blank lines one after another'],
      ['of commas', '', ',', ['inspect'], 'line: must be at most 67108864 bytes'],
      ['of one cell', HEADER, 'a', ['inspect'], 'record: must be at most 16777216 bytes'],
      ['of one text', '{"a":"', 'x', ['inspect', '--format', 'vllm-bench'], TEXT],
      ['of blanks in a document', '{', ' ', ['inspect', '--format', 'otlp'], TEXT],
      [
        'of empty documents',
        '{"a":1}\n',
        '{}\n',
        ['inspect', '--format', 'otlp'],
        'must have a span of a request in one of',
      ],
      ['of digits', '{"a":', '1', ['inspect', '--format', 'otlp'], 'must have at most 1048576 bytes in one number'],
      [
        'of lists in a list',
        '[',
        '[],',
        ['inspect', '--format', 'guidellm'],
        'must have what is looked for in one of 2500000 tokens',
      ],
      [
        'of requests that failed',
        '[',
        '{},',
        ['inspect', '--format', 'inference-perf'],
        'must have one that was served',
      ],
      ['of a log without steps', '', 'x\n', ['inspect', '--format', 'step-log'], 'must have a step in one of'],
      ['of brackets, as a model', '', '[', ['predict', '--decode-seqs', '1', '--betas'], LEVELS],
      ['of brackets, as a model of stages', '', '[', ['stage', 'predict', '--set', 'a=1', '--model'], LEVELS],
      [
        'of brackets, as a model of a device',
        '',
        '[',
        ['token2metrics', 'predict', '--input-tokens', '9', '--model-path'],
        LEVELS,
      ],
      ['of brackets, as a configuration', '', '[', ['token2metrics', 'train', '--config'], LEVELS],
      ['of brackets, as measurements by stage', '', '[', ['stage', 'train', '--output', 'x.json', '--data'], LEVELS],
    ])('%s ends in an error that names the bound, in less than 400 MB', async (_, before, text, argv, rule) => {
      const bomb = at('bomb.gz');
      writeFileSync(
        bomb,
        gzipSync(Buffer.concat([Buffer.from(before), Buffer.alloc(argv[0] === 'inspect' ? 200e6 : 60e6, text)])),
      );
      const { code, stderr, peakMb } = await measured([...argv, bomb]);
      expect(stderr).toContain(rule);
      expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
      expect(peakMb).toBeLessThan(400);
    });
  },
);

describe('settings that the program finds by itself', () => {
  const log = (): string => {
    const path = at('trace.csv');
    writeFileSync(path, `${HEADER}a,prefill,0,1,5,0\na,decode,1,2,0,4\n`);
    return path;
  };

  it.skipIf(process.platform === 'win32')('a pipe is none of them, and not waited for', async () => {
    const meta = `${log()}.meta.json`;
    spawnSync('sh', ['-c', 'mkfifo "$0"', meta]);
    const { code, stdout, stderr } = await stepclock(['inspect', at('trace.csv')]);
    rmSync(meta);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('(no meta.json)');
  });

  it('brackets without end are refused', async () => {
    const meta = `${log()}.meta.json`;
    writeFileSync(meta, '['.repeat(1e6));
    const { code, stderr } = await stepclock(['inspect', at('trace.csv')]);
    rmSync(meta);
    expect([code, stderr]).toEqual([1, `stepclock: file: must have at most 200 levels of nesting (${meta}:1)\n`]);
  });

  it('nothing of a YAML header reaches the terminal by its library', async () => {
    const fixture = join(import.meta.dirname, '../../../fixtures/formats/blis-trace-with-header.csv');
    const spoiled = readFileSync(fixture, 'utf8').replace(/type: (\w+)/, '!\u001b[31mtype $1');
    writeFileSync(at('blis.csv'), spoiled);
    const { stderr } = await stepclock(['inspect', at('blis.csv')]);
    expect(stderr).not.toContain('\u001b');
    expect(stderr).not.toContain('Warning:');
    expect(stderr.trim().split('\n').length).toBeLessThan(3);
  });
});
