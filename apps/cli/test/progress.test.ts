import { describe, expect, it } from 'vitest';
import { working } from '../src/session/progress.js';
import { capture } from './capture.js';

const CLEAR = '\r\u001b[2K';
const TRACE = new URL('../../../fixtures/traces/shared-budget-300/requests.jsonl', import.meta.url).pathname;

const terminal = () => {
  const written: string[] = [];
  return { written, isTTY: true, columns: 80, write: (text: string) => void written.push(text) };
};

describe('working', () => {
  it('shows what is done and how far, at most five times a second, and clears its line', () => {
    const sink = terminal();
    let ms = 0;
    const result = working(
      sink,
      'fitting',
      (update) => {
        for (const share of [0.1, 0.25, 0.5, 0.75]) {
          ms += 150;
          update(share);
        }
        return 42;
      },
      () => ms,
    );
    expect(result).toBe(42);
    expect(sink.written).toEqual([`${CLEAR}fitting ...`, `${CLEAR}fitting: 25 %`, `${CLEAR}fitting: 75 %`, CLEAR]);
  });

  it('clears its line where the work fails', () => {
    const sink = terminal();
    const failing = (): never => {
      throw new Error('no');
    };
    expect(() => working(sink, 'fitting', failing)).toThrow('no');
    expect(sink.written.at(-1)).toBe(CLEAR);
  });

  it('is silent where there is no terminal', () => {
    const sink = { ...terminal(), isTTY: false };
    expect(working(sink, 'fitting', () => 1)).toBe(1);
    expect(working(undefined, 'fitting', () => 2)).toBe(2);
    expect(sink.written).toEqual([]);
  });
});

it('an estimate on a terminal shows its progress on standard error alone', async () => {
  const stderr = terminal();
  const shown = await capture(['estimate', TRACE], '', { stderr });
  const { stdout } = await capture(['estimate', TRACE]);
  expect(shown.stdout).toBe(stdout);
  expect(stderr.written[0]).toBe(`${CLEAR}fitting ...`);
  expect(stderr.written).toContain(CLEAR);
});
