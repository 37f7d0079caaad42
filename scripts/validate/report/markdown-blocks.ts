import type { ReportBlock } from '@stepclock/charts';

/** Without Markdown's marks, and with real minus signs. */
const plain = (text: string): string =>
  text
    .replaceAll('**', '')
    .replaceAll('`', '')
    .replace(/(^|[\s,(])-(?=\d)/g, '$1\u2212')
    .trim();

const cellsOf = (line: string): string[] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map(plain);

/** Numbers, shares, answers of a check: what stands to the right. */
const isNumeric = (cell: string): boolean => /^(?:[±<−+-]?\s?\d.*|-|n\/a|)$/.test(cell);

const tableOf = (lines: readonly string[], caption: string): ReportBlock => {
  const [head = [], ...body] = lines.filter((line) => !/^[|\s:-]+$/.test(line)).map(cellsOf);
  return {
    kind: 'table',
    caption,
    columns: head.map((label, i) => ({
      label,
      kind: i > 0 && body.every((row) => isNumeric(row[i] ?? '')) ? 'number' : 'text',
    })),
    rows: body.map((row) => head.map((_, i) => row[i] ?? '')),
  };
};

type LineKind = 'blank' | 'heading' | 'table' | 'list' | 'text';

const kindOf = (line: string): LineKind => {
  if (line.trim() === '') return 'blank';
  if (line.startsWith('#')) return 'heading';
  if (line.startsWith('|')) return 'table';
  return line.startsWith('- ') ? 'list' : 'text';
};

/** What the parts print (headings, tables, lists, sentences in Markdown) as blocks of a report; a heading names the table below it. */
export const markdownBlocks = (markdown: string, title: string): ReportBlock[] => {
  const blocks: ReportBlock[] = [];
  let caption = title;
  let group: { readonly kind: LineKind; readonly lines: string[] } = { kind: 'blank', lines: [] };
  const close = (): void => {
    const { kind, lines } = group;
    if (kind === 'table') blocks.push(tableOf(lines, caption));
    if (kind === 'list') blocks.push({ kind: 'list', items: lines.map((line) => plain(line.slice(2))) });
    if (kind === 'text') blocks.push({ kind: 'text', text: plain(lines.join(' ')) });
    if (kind === 'heading') caption = plain(lines.join(' ').replace(/^#+/, ''));
  };
  for (const line of [...markdown.split('\n'), '']) {
    const kind = kindOf(line);
    if (kind === group.kind && kind !== 'heading') group.lines.push(line);
    else {
      close();
      group = { kind, lines: [line] };
    }
  }
  return blocks;
};
