import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

const sourcesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(root, folder, file), 'utf8'));

const sources = [
  ...readdirSync(join(root, 'packages')).flatMap((name) => sourcesIn(`packages/${name}/src`)),
  ...sourcesIn('apps/cli/src'),
];

/** Codes of errors have a slash, those of warnings none; ENOENT and its like are Node's. */
const WRITTEN = /\bcode: '([a-z][a-z0-9-]*)'/g;
const UNION = /\b(?:code:|type \w*Code =)((?:\s*(?:\|\s*)?(?:'[a-z][a-z0-9-]*'|\w+\['code'\]))+);/g;
const LOGGED = /\blog\.warn\(\s*[`']([\s\S]*?)[`'],?\s*\)/g;

/** Every code that a source gives to a warning: written down, in the union of a type, or in brackets at the end of a line that goes to the log. */
const warningCodes = (source: string): readonly string[] => [
  ...[...source.matchAll(WRITTEN)].map(([, code = '']) => code),
  ...[...source.matchAll(UNION)].flatMap(([, union = '']) =>
    [...union.replaceAll("['code']", '').matchAll(/'([^']+)'/g)].map(([, code = '']) => code),
  ),
  ...[...source.matchAll(LOGGED)].flatMap(([, text = '']) => /\[([a-z][a-z0-9-]*)\]$/.exec(text)?.[1] ?? []),
];

describe('docs/warnings.md', () => {
  const page = readFileSync(join(root, 'docs/warnings.md'), 'utf8');
  const given = new Set(sources.flatMap(warningCodes));

  it('every form of a code is seen', () => {
    const source = `
      warnings.push({ code: 'a-one', message });
      throw new XError({ code: 'package/b' });
      readonly code: 'c' | 'd-e';
      type FindingCode =
        | 'f'
        | X['code']
        | 'g';
      session.log.warn(\`\${name}: taken [h-i]\`);
      session.log.warn(
        'two words [j]',
      );
      session.log.warn(\`\${message} [\${code}]\`);`;
    expect([...new Set(warningCodes(source))]).toEqual(['a-one', 'c', 'd-e', 'f', 'g', 'h-i', 'j']);
  });

  it.each([...given].sort())('explains %s', (code) => {
    expect(page).toContain(`\`${code}\``);
  });

  it('explains no code that is gone', () => {
    const explained = [...page.matchAll(/^\| (`[a-z0-9-]+`(?:, `[a-z0-9-]+`)*) +\|/gm)].flatMap(([, cell = '']) =>
      cell.replaceAll('`', '').split(', '),
    );
    expect(explained.length).toBeGreaterThan(50);
    expect(explained.filter((code) => !given.has(code))).toEqual([]);
  });
});
