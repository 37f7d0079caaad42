import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';

const REPOSITORY = 'https://github.com/stepclock/stepclock/blob/main/';

/** Parts of the site; a page of docs/ that none of them names stands in the last. */
const PARTS = [
  ['Start', ['tutorial', 'tutorial-otlp', 'collecting-logs', 'page']],
  ['Answers', ['answers', 'step-logs', 'fleet', 'warnings']],
  ['How it works', ['theory', 'accuracy', 'robustness', 'performance']],
  ['More', ['extending', 'from-the-scripts']],
] as const;

interface Page {
  /** Its file in the site. */
  readonly file: string;
  readonly title: string;
  readonly text: string;
}

interface Part {
  readonly text: string;
  readonly items: readonly { readonly text: string; readonly link: string; readonly target?: string }[];
}

/**
 * A page's text with its links as they stand in the site: to another page; where there is none, to the repository.
 *
 * @throws Error for a link to what is not there
 */
const relinked = (text: string, from: string, root: string): string =>
  text.replaceAll(/\]\((?!https?:|#|mailto:)([^)\s#]+)(#[^)\s]*)?\)/g, (_, to: string, hash = '') => {
    const path = relative(root, join(root, dirname(from), to))
      .split('\\')
      .join('/');
    if (!existsSync(join(root, path))) throw new Error(`${from}: ${to} is not there`);
    const page = /^docs\/(.*)$/.exec(path)?.[1] ?? (path === 'README.md' ? 'index.md' : undefined);
    return page === undefined ? `](${REPOSITORY}${path}${hash})` : `](./${page}${hash})`;
  });

const titleOf = (text: string): string => /^# (.*)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? '';

/** The published JSON Schemas, each with its text. */
const schemasPage = (root: string): Page => {
  const files = readdirSync(join(root, 'docs/schemas')).sort();
  const parts = files.map((file) => {
    const text = readFileSync(join(root, 'docs/schemas', file), 'utf8');
    const { title } = JSON.parse(text) as { title: string };
    return `## ${title}\n\n[${file}](./schemas/${file})\n\n\`\`\`json\n${text}\`\`\`\n`;
  });
  return {
    file: 'schemas.md',
    title: 'JSON Schemas',
    text: `# JSON Schemas\n\nOf the files that stepclock writes and reads.\n\n${parts.join('\n')}`,
  };
};

/** Everything that the site shows, from the repository as it is. */
export const sitePages = (root: string): { readonly pages: readonly Page[]; readonly sidebar: readonly Part[] } => {
  const read = (path: string, file: string): Page => {
    const text = relinked(readFileSync(join(root, path), 'utf8'), path, root);
    return { file, title: titleOf(text), text };
  };
  const docs = readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => read(`docs/${name}`, name));
  const schemas = schemasPage(root);
  const link = (page: Page) => ({ text: page.title, link: `/${posix.basename(page.file, '.md')}` });
  const stem = (page: Page): string => posix.basename(page.file, '.md');
  const named = new Set<string>([...PARTS.flatMap(([, names]) => [...names]), 'command-line']);
  const sidebar = PARTS.map(([text, names], k): Part => {
    const inOrder = names.flatMap((name) => docs.filter((page) => stem(page) === name));
    const others = k === PARTS.length - 1 ? docs.filter((page) => !named.has(stem(page))) : [];
    return { text, items: [...inOrder, ...others].map(link) };
  });
  const reference: Part = {
    text: 'Reference',
    items: [
      ...docs.filter((page) => stem(page) === 'command-line').map(link),
      link(schemas),
      { text: 'Packages', link: '/api/index.html', target: '_self' },
    ],
  };
  return { pages: [read('README.md', 'index.md'), ...docs, schemas], sidebar: [...sidebar, reference] };
};
