import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isFault } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import { engineSettingsOf } from '../src/index.js';

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../../fixtures/settings', name), 'utf8');

describe('settings where engines print them', () => {
  it('vLLM: the arguments that are not defaults, the size of its cache, its version', () => {
    expect(engineSettingsOf(fixture('vllm-server.log'))).toEqual({
      maxNumBatchedTokens: 4096,
      maxNumSeqs: 128,
      kvTokens: 262_144,
      model: 'org/some-model',
      engine: 'vLLM 0.32.0',
      asyncScheduling: true,
      dataParallelSize: 2,
      speculation: true,
      prefixCaching: false,
    });
  });

  it('SGLang: its arguments, and after them what it made of its memory', () => {
    expect(engineSettingsOf(fixture('sglang-server.log'))).toEqual({
      maxNumBatchedTokens: 8192,
      maxNumSeqs: 2048,
      kvTokens: 1_234_567,
      model: '/models/some-model',
      prefixCaching: true,
      schedulingPolicy: 'fcfs',
    });
  });

  it('a result that carries its server’s arguments', () => {
    const info = { max_running_requests: 64, chunked_prefill_size: 2048, max_total_num_tokens: 100_000 };
    const wanted = { maxNumSeqs: 64, maxNumBatchedTokens: 2048, kvTokens: 100_000 };
    expect(engineSettingsOf({ server_info: info })).toEqual(wanted);
    expect(engineSettingsOf({ server_info: { server_args: info } })).toEqual(wanted);
  });

  it('names of other things in such a line are no settings', () => {
    const line = "INFO non-default args: {'note': 'max_num_seqs is 3', 'max_num_seqs_': 4}\n";
    expect(engineSettingsOf(line)).toEqual({});
  });

  it.each(['', 'hello', 'INFO started\n', '[1]'])('%j holds none, and is refused', (text) => {
    let fault: unknown;
    try {
      engineSettingsOf(text, 'x.log');
    } catch (error) {
      fault = error;
    }
    expect(isFault(fault) && [fault.code, fault.file]).toEqual(['trace-io/bad-json', 'x.log']);
    expect(String(fault)).toContain('or a log in which vLLM or SGLang print their arguments');
  });

  it('a megabyte of arguments is read in passing', () => {
    const started = process.cpuUsage();
    engineSettingsOf(`non-default args: {${"'a': '".repeat(200_000)}`);
    engineSettingsOf(`server_args=ServerArgs(${'a='.repeat(500_000)}`);
    engineSettingsOf('non-default args: {\n'.repeat(50_000));
    // Seconds that only a scanner that goes back takes.
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
  });
});
