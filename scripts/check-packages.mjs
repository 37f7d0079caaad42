// Packs every public package as it would be published and uses the tarballs as a stranger would: publint and attw on each,
// all of them installed into an empty npm project, imported, required, type-checked, and the cli run from there.
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { buildSync, transformSync } from 'esbuild';
import { runPages } from './readme-commands.mjs';

const root = join(import.meta.dirname, '..');
const bin = (name) => join(root, 'node_modules/.bin', name);
const run = (command, args, cwd = root) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const runAside = (command, args, cwd) =>
  promisify(execFile)(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
/** How many checks run at a time: one a core. */
const AT_ONCE = Math.max(1, availableParallelism());
/** Runs all tasks, as many at a time as there are cores. */
const sideBySide = async (tasks) => {
  const waiting = [...tasks];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
};

/** No tarball needs more: fonts, Vega and the like are dependencies. */
const MOST_PACKED_BYTES = 1_000_000;
/** The page that `stepclock open` serves has a budget of its own. */
const MOST_PAGE_BYTES = 350_000;

let faults = 0;
/** Runs one check and says how it went; what it returns is printed beside its name. */
const check = (name, what) => {
  const started = performance.now();
  try {
    const note = what();
    console.log(`ok    ${name}${note ? `  ${note}` : ''}  (${((performance.now() - started) / 1000).toFixed(0)} s)`);
  } catch (error) {
    faults++;
    console.log(`FAULT ${name}\n${error.stdout ?? ''}${error.stderr ?? error.stack}`);
  }
};
/** The same of checks that run side by side. */
const checkSlow = async (name, what) => {
  const started = performance.now();
  try {
    const note = await what();
    console.log(`ok    ${name}${note ? `  ${note}` : ''}  (${((performance.now() - started) / 1000).toFixed(0)} s)`);
  } catch (error) {
    faults++;
    console.log(`FAULT ${name}\n${error.stdout ?? ''}${error.stderr ?? error.stack}`);
  }
};
const must = (holds, message) => {
  if (!holds) throw new Error(message);
};

const packages = ['packages', 'apps']
  .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name)))
  .map((folder) => ({ folder, ...JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }))
  // The page goes out inside the program.
  .filter(({ private: isPrivate }) => isPrivate !== true)
  .map(({ folder, name }) => ({ folder, name }));
const libraries = packages.filter(({ name }) => name !== 'stepclock').map(({ name }) => name);
const out = mkdtempSync(join(tmpdir(), 'stepclock-pack-'));
const tarballs = [];

const SPECIFIER =
  /^(?:import|export)\b[^;'"]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm;
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** What is declared is imported (or found by name and read as a file), and nothing else is. */
const checkDependencies = (unpacked, inside, manifest) => {
  const declared = Object.keys(manifest.dependencies ?? {});
  const texts = inside
    .filter((file) => /^dist\/.*\.(?:js|d\.ts)$/.test(file))
    .map((file) => readFileSync(join(unpacked, file), 'utf8').replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, ''));
  const imported = new Set(
    texts
      .flatMap((text) => [...text.matchAll(SPECIFIER)].map((match) => match[1] ?? match[2] ?? match[3]))
      .filter((specifier) => /^@?[a-z][\w./-]*$/.test(specifier))
      .map(packageOf),
  );
  const named = (name) => texts.some((text) => new RegExp(`['"\`]${name}['"\`/]`).test(text));
  const idle = declared.filter((name) => !imported.has(name) && !named(name));
  must(idle.length === 0, `declares ${idle.join(', ')} and never imports it`);
  // The program is one bundle of minified modules: its texts hold words that look like imports.
  if (manifest.name === 'stepclock') return;
  const undeclared = [...imported].filter((name) => !declared.includes(name) && name !== manifest.name);
  must(undeclared.length === 0, `imports ${undeclared.join(', ')} and does not declare it`);
};

const checkTarball = async ({ folder, name }, index) => {
  const { stdout } = await runAside(bin('pnpm'), ['pack', '--json', '--pack-destination', out], folder);
  const { filename, files } = JSON.parse(stdout);
  tarballs[index] = filename;
  const bytes = statSync(filename).size;
  const most = MOST_PACKED_BYTES + (name === 'stepclock' ? MOST_PAGE_BYTES : 0);
  must(bytes <= most, `${bytes} bytes packed; at most ${most}`);
  const at = join(out, `unpacked-${index}`);
  mkdirSync(at);
  await runAside('tar', ['-xzf', filename, '-C', at], folder);
  const unpacked = join(at, 'package');
  const inside = readdirSync(unpacked, { recursive: true, encoding: 'utf8' });
  for (const file of ['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts']) {
    must(inside.includes(file), `${file} is not in the tarball`);
  }
  const packed = readFileSync(join(unpacked, 'package.json'), 'utf8');
  must(!packed.includes('workspace:'), 'a workspace: range is left');
  checkDependencies(unpacked, inside, JSON.parse(packed));
  await runAside(bin('publint'), ['run', filename, '--strict'], folder);
  // The cli is a program; only its packages are imported by others.
  if (name !== 'stepclock') await runAside(bin('attw'), [filename, '--profile', 'esm-only'], folder);
  return `${(bytes / 1000).toFixed(0)} kB in ${files.length} files`;
};

const identifier = (name) => name.replaceAll(/\W/g, '_');
const CONSUMER = `
import { estimateStepClock, type StepClockEstimate } from '@stepclock/beta-estimators';
import { runScenario } from '@stepclock/engine-sim';
import { nnls } from '@stepclock/nnls-solver';
import { phaseTableFrom, type PhaseTable } from '@stepclock/trace-io';
const phases: PhaseTable = runScenario('budget-2048-medium', { requests: 50, seed: 1 }).phases;
export const estimate: StepClockEstimate = estimateStepClock(phases, { model: 'linear' });
export const perStep: number = estimate.betas.beta0;
export { nnls, phaseTableFrom };
// @ts-expect-error the types are there, and say no
estimateStepClock(phases, { model: 'cubic' });
`;
const NODE_NEXT = { module: 'NodeNext', moduleResolution: 'NodeNext' };
const BUNDLER = { module: 'ESNext', moduleResolution: 'Bundler' };
const CONFIG = (skipLibCheck, modules = NODE_NEXT) => ({
  compilerOptions: {
    target: 'ES2022',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    ...modules,
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    skipLibCheck,
  },
  files: ['consumer.ts', 'everything.ts'],
});

/** Types are checked with their libraries'; faults count where they are in ours or in the consumer. */
const typeCheck = (project) => {
  writeFileSync(join(project, 'consumer.ts'), CONSUMER);
  const everything = libraries.map((name) => `export * as ${identifier(name)} from '${name}';`).join('\n');
  writeFileSync(join(project, 'everything.ts'), everything);
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(CONFIG(false)));
  try {
    run(bin('tsc'), ['-p', 'tsconfig.json', '--pretty', 'false'], project);
    return 'skipLibCheck false';
  } catch (error) {
    const faulty = String(error.stdout).split('\n');
    const ours = faulty.filter(
      (line) => /^\S.*error TS/.test(line) && (!line.startsWith('node_modules/') || line.includes('/@stepclock/')),
    );
    must(ours.length === 0, ours.join('\n'));
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(CONFIG(true)));
    run(bin('tsc'), ['-p', 'tsconfig.json'], project);
    const others = new Set(faulty.flatMap((line) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(line)?.[1] ?? []));
    return `our types without skipLibCheck; faults in those of ${[...others].join(', ')}`;
  }
};

/** The Node versions that are supported, each by npm's own package of it. */
const NODES = ['20.19', '22', '24', '26'];

/** The snippets of all READMEs as modules that check themselves, and one that imports them all. */
const writeSnippets = async (project) => {
  const compiled = join(project, 'snippet.mjs');
  buildSync({ entryPoints: [join(root, 'test/snippet.ts')], outfile: compiled, format: 'esm' });
  const { checkedScript, SHOWS, snippetsOf } = await import(pathToFileURL(compiled).href);
  const names = [];
  for (const { folder } of [{ folder: root }, ...packages]) {
    const snippets = snippetsOf(readFileSync(join(folder, 'README.md'), 'utf8')).filter(
      ({ language }) => language === 'ts',
    );
    for (const { code, line } of snippets) {
      const name = `snippet-${folder.split('/').at(-1)}-${line}.mjs`;
      const text = transformSync(`${checkedScript(code)}\n${SHOWS}`, { loader: 'ts', target: 'node20' }).code;
      writeFileSync(join(project, name), text);
      names.push(name);
    }
  }
  writeFileSync(join(project, 'snippets.mjs'), names.map((name) => `await import('./${name}');`).join('\n'));
  return names.length;
};

/** What takes a while and waits for nothing: the snippets under each Node, and the types as a bundler reads them. */
const checkSideBySide = async (project) => {
  const count = await writeSnippets(project);
  writeFileSync(join(project, 'tsconfig.bundler.json'), JSON.stringify(CONFIG(true, BUNDLER)));
  await Promise.all([
    ...NODES.map((version) =>
      checkSlow(`snippets of the READMEs under Node ${version}`, async () => {
        const of = join(out, `node-${version}`);
        mkdirSync(of);
        writeFileSync(join(of, 'package.json'), '{"private": true}');
        await runAside('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `node@${version}`], of);
        const node = join(of, 'node_modules/node/bin/node');
        const { stdout } = await runAside(node, ['--version'], of);
        await runAside(node, ['snippets.mjs'], project);
        return `${count} of them, ${stdout.trim()}`;
      }),
    ),
    checkSlow('types in a TypeScript project, as a bundler resolves them', async () => {
      await runAside(bin('tsc'), ['-p', 'tsconfig.bundler.json'], project);
    }),
  ]);
};

/** A package alone, with the siblings that it stands on and nothing of the others: what they declare is enough. */
const checkAlone = (project, name, code) => {
  const needed = new Set();
  const add = (wanted) => {
    if (needed.has(wanted)) return;
    needed.add(wanted);
    const { folder } = packages.find((entry) => entry.name === wanted);
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const sibling of Object.keys(dependencies).filter((one) => libraries.includes(one))) add(sibling);
  };
  add(name);
  const files = [...needed].map((one) => tarballs[packages.findIndex((entry) => entry.name === one)]);
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...files], project);
  must(!readdirSync(join(project, 'node_modules')).includes('@stdlib'), '@stdlib is installed');
  return run(process.execPath, ['--input-type=module', '-e', code], project).trim();
};

/** Starts the page as a stranger would, takes what a browser takes, and ends it. */
const OPEN = `
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
const bin = 'node_modules/stepclock/dist/bin.js';
const program = spawn(process.execPath, [bin, 'open', 'trace/requests.jsonl', '--no-browser']);
const address = await new Promise((resolve, reject) => {
  program.stderr.on('data', (text) => reject(new Error(String(text))));
  program.stdout.on('data', (text) => resolve(String(text).split('\\n')[0]));
});
const get = (path, headers = {}) => fetch(new URL(path, address), { headers });
const html = await (await get('')).text();
const assets = [...html.matchAll(/(?:src|href)="\\.\\/(assets\\/[^"]+)"/g)].map((found) => found[1]);
if (assets.length < 2) throw new Error('the page has no script and no style: ' + html);
for (const asset of assets) if (!(await get(asset)).ok) throw new Error(asset + ' is not served');
const handed = Buffer.from(await (await get('files/0')).arrayBuffer());
if (!handed.equals(readFileSync('trace/requests.jsonl'))) throw new Error('the file is not what was given');
if ((await get('files/0', { origin: 'https://example.org' })).status !== 403) throw new Error('another origin is answered');
if ((await fetch(new URL('/', address))).status !== 403) throw new Error('no token is asked for');
program.stderr.removeAllListeners('data');
program.kill('SIGINT');
const code = await new Promise((resolve) => program.on('exit', resolve));
if (code !== 130) throw new Error('SIGINT ends it with ' + code);
console.log(assets.length + ' assets, ends with ' + code);
`;

const checkInstalled = (project) => {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  const npm = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  check('installs into an empty npm project', () => {
    run('npm', [...npm, ...tarballs], project);
  });
  check('import of every package', () => {
    const code = libraries.map(
      (name) => `if (Object.keys(await import('${name}')).length === 0) throw new Error('${name}');`,
    );
    run(process.execPath, ['--input-type=module', '-e', code.join('\n')], project);
  });
  check('require() of every package', () => {
    const code = libraries.map(
      (name) => `if (Object.keys(require('${name}')).length === 0) throw new Error('${name}');`,
    );
    run(process.execPath, ['--input-type=commonjs', '-e', code.join('\n')], project);
    return process.version;
  });
  check('types in a TypeScript project', () => typeCheck(project));
  check('npx stepclock', () => {
    cpSync(join(root, 'fixtures/traces/shared-budget-300'), join(project, 'trace'), { recursive: true });
    const version = run('npx', ['--no-install', 'stepclock', '--version'], project).trim();
    const stated = JSON.parse(readFileSync(join(root, 'apps/cli/package.json'), 'utf8')).version;
    must(version === stated, `--version says ${version}, the manifest ${stated}`);
    const text = run('npx', ['--no-install', 'stepclock', 'estimate', 'trace/requests.jsonl', '--json', '-'], project);
    const { betas } = JSON.parse(text);
    const perStep = betas.beta0 ?? betas.beta0_seconds;
    must(Math.abs(perStep - 0.008) < 1e-4, `beta0 of the bundled trace: 8 ms wanted; got ${JSON.stringify(betas)}`);
    return `${version}, beta0 ${perStep}`;
  });
  // The program is one bundle: what it loads only now and then must be in it too.
  check('npx stepclock, the readers and renderers that are loaded on demand', () => {
    const stepclock = (...words) => run('npx', ['--no-install', 'stepclock', ...words], project);
    const formats = join(root, 'fixtures/formats');
    for (const file of ['phases.parquet', 'blis-trace-with-header.csv', 'guidellm.json', 'vllm.log']) {
      must(stepclock('inspect', join(formats, file)).includes(file), `inspect ${file} prints nothing`);
    }
    stepclock('estimate', 'trace/requests.jsonl', '--report', 'report.html', '--figures', 'figures');
    must(statSync(join(project, 'report.html')).size > 100_000, 'the report is empty');
    must(
      readdirSync(join(project, 'figures')).some((file) => file.endsWith('.png')),
      'no figure was drawn',
    );
    const sheet = join(root, 'fixtures/token2metrics/server-sheet.xlsx');
    stepclock('token2metrics', 'train', '--data', sheet, '--model', '8B', '--output', 'models');
    must(readdirSync(join(project, 'models')).length > 0, 'no model was written');
  });
  check('npx stepclock open', () => run(process.execPath, ['--input-type=module', '-e', OPEN], project).trim());
  // A stranger installs it where `stepclock fleet` says so.
  check('the optional DuckDB', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'apps/cli/package.json'), 'utf8'));
    run('npm', [...npm, `@duckdb/node-api@${devDependencies['@duckdb/node-api']}`], project);
  });
  // README.md and the tutorials run with their output in test/printed-output.test.ts.
  check('every command that the pages print', () => {
    const pages = ['apps/cli/README.md', 'docs/fleet.md', 'packages/token2metrics/README.md'];
    return `${runPages(project, [...pages, 'packages/stage-latency-recalibration/README.md'])} commands`;
  });
};

try {
  await sideBySide(packages.map((entry, index) => () => checkSlow(entry.name, () => checkTarball(entry, index))));
  if (faults === 0) {
    check('beta-estimators alone in an empty folder', () =>
      checkAlone(
        join(out, 'alone'),
        '@stepclock/beta-estimators',
        `import { estimateBaseline } from '@stepclock/beta-estimators';
         import { phaseTableFrom } from '@stepclock/trace-io';
         const rows = [[0, 2], [1, 4], [3, 5], [4, 9]].map(([t_start, t_end], i) => (
           { request_id: 'r' + i, phase_type: 'prefill', t_start, t_end, prefill_tokens: 64 * (i + 1), decode_tokens: 0 }));
         console.log(Object.keys(estimateBaseline(phaseTableFrom(rows), { chunkSize: 64 }).betas).join(', '));`,
      ),
    );
    checkInstalled(join(out, 'stranger'));
    await checkSideBySide(join(out, 'stranger'));
  }
  check('changeset status', () => {
    run(bin('changeset'), ['status']);
  });
  await checkSlow('publish, dry run', () =>
    sideBySide(
      packages.map(
        ({ folder }) =>
          () =>
            runAside(bin('pnpm'), ['publish', '--dry-run', '--no-git-checks', '--ignore-scripts'], folder),
      ),
    ),
  );
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exitCode = faults === 0 ? 0 : 1;
