/**
 * Exports in the programs that they are for: a model goes out, the consumer serves a load with it, and an estimate of what it served must give the
 * model back.
 *
 * npm run consumers
 *
 * BLIS (inference-sim) comes by Go, Dynamo's mocker by pip, into folders of their own (node_modules/.cache/consumers) at the first run; the recipes
 * for Kubernetes are read by its own Go types. What cannot be had is skipped with a line.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@stepclock/numerics';
import { pythonOf, works } from '../python.js';

const BLIS = 'github.com/inference-sim/inference-sim';
const BLIS_VERSION = 'v0.7.15';
const DYNAMO_VERSION = '1.6.1';
const REQUESTS = 300;
const PER_SEC = 6;
/** Of a coefficient: BLIS cuts steps to whole microseconds, the mocker counts a token of context more. */
const TOLERANCE = 0.005;

const KNOWN = { beta0: 0.008, beta1: 30e-6, beta2: 60e-6, beta3: 90e-9 };

const root = join(import.meta.dirname, '../..');
const cache = join(root, 'node_modules/.cache/consumers');
const program = join(root, 'apps/cli/dist/bin.js');
if (!existsSync(program)) throw new Error('the program is not built: npx turbo run bundle --filter=stepclock...');
mkdirSync(cache, { recursive: true });

const folder = mkdtempSync(join(tmpdir(), 'stepclock-consumers-'));
const at = (name: string): string => join(folder, name);
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const stepclock = (...words: string[]): string =>
  execFileSync(process.execPath, [program, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

let failed = 0;
const check = (what: string, holds: boolean, seen: string): void => {
  if (!holds) failed++;
  print(`${holds ? 'ok  ' : 'FAIL'} ${what}: ${seen.slice(0, 600)}`);
};
const skip = (what: string, why: string): void => {
  print(`skipped: ${what}: ${why}`);
};

writeFileSync(at('betas.json'), JSON.stringify({ schema: 'stepclock/betas@1', algo: 'known', betas: KNOWN }));
const exported = (to: string, ...words: string[]): string =>
  stepclock('export', '--betas', at('betas.json'), '--to', to, ...words);

/** The model that an estimate finds in what a consumer served must be the one that went out. */
const givesBack = (what: string, log: string, ...words: string[]): void => {
  const { betas } = JSON.parse(stepclock('estimate', log, '--max-num-batched-tokens', '2048', '--json', ...words));
  const off = Object.entries(KNOWN).map(([name, value]) => [name, betas[name] / value - 1] as const);
  check(
    `${what}: what it served gives the model back within ${100 * TOLERANCE} %`,
    off.every(([, share]) => Math.abs(share) <= TOLERANCE),
    off.map(([name, share]) => `${name} ${(100 * share).toFixed(2)} %`).join(', '),
  );
};

const blis = (): void => {
  if (!works('go', ['version'])) {
    skip('BLIS', 'go is not installed');
    return;
  }
  const found = spawnSync('go', ['mod', 'download', '-json', `${BLIS}@${BLIS_VERSION}`], { encoding: 'utf8' });
  if (found.status !== 0) {
    skip('BLIS', `Go cannot bring ${BLIS_VERSION}: no network?`);
    return;
  }
  const { Dir: source }: { Dir: string } = JSON.parse(found.stdout);
  const binary = join(cache, `blis-${BLIS_VERSION}`);
  if (!existsSync(binary)) execFileSync('go', ['build', '-o', binary, '.'], { cwd: source });
  mkdirSync(at('model'));
  const config = {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    num_hidden_layers: 32,
    hidden_size: 4096,
    intermediate_size: 14336,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    vocab_size: 128256,
    torch_dtype: 'bfloat16',
    max_position_embeddings: 131072,
  };
  writeFileSync(at('model/config.json'), JSON.stringify(config));
  const flags = exported(
    'blis-trained-physics',
    ...['--hardware', 'h100', '--model-config', at('model/config.json'), '--model-id', 'llama'],
    ...['--max-num-seqs', '64', '--kv-tokens', '400000'],
  );
  const load = [
    ...[`--rate=${PER_SEC}`, `--num-requests=${REQUESTS}`],
    ...['--prompt-tokens=600', '--prompt-tokens-stdev=200', '--output-tokens=150', '--output-tokens-stdev=60'],
  ];
  const ran = spawnSync(
    binary,
    [
      'run',
      ...flags.split('\n').filter((line) => line.startsWith('--')),
      ...load,
      `--model-config-folder=${at('model')}`,
      `--hardware-config=${join(source, 'hardware_config.json')}`,
      `--defaults-filepath=${join(source, 'defaults.yaml')}`,
      `--metrics-path=${at('blis.json')}`,
    ],
    { encoding: 'utf8' },
  );
  if (ran.status !== 0) {
    check('blis-trained-physics: BLIS takes the flags', false, ran.stderr);
    return;
  }
  givesBack(`blis-trained-physics in BLIS ${BLIS_VERSION}`, at('blis.json'));
};

/** Requests as Mooncake writes them, no two with a common prefix. */
const writeWorkload = (): void => {
  const random = seededRandom(1, 'consumers');
  const between = (low: number, high: number): number => Math.floor(low + random() * (high - low));
  let ms = 0;
  let blocks = 0;
  const lines = Array.from({ length: REQUESTS }, () => {
    ms += (-Math.log(1 - random()) * 1000) / PER_SEC;
    const input = between(50, 1500);
    const hashIds = Array.from({ length: Math.ceil(input / 16) }, () => blocks++);
    return JSON.stringify({
      timestamp: Math.round(ms),
      input_length: input,
      output_length: between(20, 300),
      hash_ids: hashIds,
    });
  });
  writeFileSync(at('workload.jsonl'), `${lines.join('\n')}\n`);
};

const dynamo = (): void => {
  // Without what the package wants for serving: the mocker needs none of it.
  const python = pythonOf(join(cache, 'dynamo'), {
    install: ['pyyaml', 'pydantic<=2.13.5', 'uvloop', 'msgspec', 'aiohttp', 'prometheus-client', 'pyzmq', 'zstandard'],
    probe: 'import yaml, pydantic, uvloop, msgspec, aiohttp, prometheus_client, zmq, zstandard',
  });
  if ('missing' in python) {
    skip("Dynamo's mocker", python.missing);
    return;
  }
  const own = [`ai-dynamo==${DYNAMO_VERSION}`, `ai-dynamo-runtime==${DYNAMO_VERSION}`];
  if (!works(python.program, ['-m', 'pip', 'install', '--quiet', '--no-deps', ...own])) {
    skip("Dynamo's mocker", `pip cannot bring ${own.join(', ')}`);
    return;
  }
  exported('dynamo-mocker-npz', '--output', at('profile.npz'));
  writeWorkload();
  const script = join(import.meta.dirname, 'mocker.py');
  const ran = spawnSync(python.program, [script, at('profile.npz'), at('workload.jsonl')], { encoding: 'utf8' });
  if (ran.status !== 0) {
    check("dynamo-mocker-npz: Dynamo's mocker takes the profile", false, ran.stderr);
    return;
  }
  const lines = ran.stdout.split('\n').filter((line) => line.startsWith('{'));
  writeFileSync(at('dynamo.jsonl'), `${lines.join('\n')}\n`);
  const map = ['id', 'arrival', 'start', 'first', 'last', 'prompt', 'output'].map((name) => `${name}=${name}`);
  givesBack(`dynamo-mocker-npz in Dynamo's mocker ${DYNAMO_VERSION}`, at('dynamo.jsonl'), ...['--map', map.join(',')]);
};

/** Kubernetes' own types refuse a field that they do not have. */
const kubernetes = (): void => {
  if (!works('go', ['version'])) {
    skip('Kubernetes', 'go is not installed');
    return;
  }
  const binary = join(cache, 'recipes');
  const source = join(import.meta.dirname, 'kubernetes');
  const built = spawnSync('go', ['build', '-o', binary, '.'], { cwd: source, encoding: 'utf8' });
  if (built.status !== 0) {
    skip('Kubernetes', `Go cannot build the reader of its types: ${built.stderr}`);
    return;
  }
  const capacity = stepclock(
    ...['capacity', at('betas.json'), '--workload', 'prompt=600:0.8,output=150:0.7', '--slo', 'ttft:p95:300ms'],
    ...['--max-num-seqs', '64', '--max-num-batched-tokens', '2048', '--json'],
  );
  writeFileSync(at('capacity.json'), capacity);
  const names = ['--load', at('capacity.json'), '--model-id', 'llama', '--namespace', 'prod'];
  for (const to of ['keda', 'hpa', 'wva-queueing-model-config']) {
    const read = spawnSync(binary, { input: exported(to, ...names), encoding: 'utf8' });
    check(`${to}: the types of Kubernetes and KEDA read it`, read.status === 0, `${read.stdout}${read.stderr}`.trim());
  }
};

blis();
dynamo();
kubernetes();
print(`consumers: ${failed === 0 ? 'all held' : `${failed} failed`}`);
rmSync(folder, { recursive: true, force: true });
process.exitCode = failed === 0 ? 0 : 1;
