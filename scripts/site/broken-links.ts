import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&quot;': '"',
  '&#39;': "'",
  '&lt;': '<',
  '&gt;': '>',
};
const plain = (text: string): string => text.replaceAll(/&(?:amp|quot|#39|lt|gt);/g, (sign) => ENTITIES[sign] ?? sign);

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

const valuesOf = (html: string, attributes: string): string[] =>
  [...html.matchAll(new RegExp(`\\s(?:${attributes})="([^"]*)"`, 'g'))].map(([, value = '']) => plain(value));

/** The links of a folder of pages that lead nowhere: to a file that is not there, or to a place that its page does not have. Other sites are not asked. */
export const brokenLinks = (folder: string): { readonly checked: number; readonly broken: readonly string[] } => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
  const texts = new Map(files.map((name) => [join(folder, name), readFileSync(join(folder, name), 'utf8')]));
  const places = new Map([...texts].map(([path, html]) => [path, new Set(valuesOf(html, 'id|name'))]));
  const broken: string[] = [];
  let checked = 0;
  for (const [path, html] of texts) {
    // What stands in a script is no link of the page.
    for (const link of new Set(valuesOf(html.replaceAll(/<script\b[^>]*>.*?<\/script>/gs, ''), 'href|src'))) {
      if (/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(link) || link === '') continue;
      checked++;
      const [to = '', hash = ''] = link.split('#');
      const [plainTo = ''] = to.split('?');
      const at = plainTo.startsWith('/') ? join(folder, plainTo) : join(dirname(path), plainTo);
      const target = plainTo === '' ? path : decoded(at);
      const found = [target, `${target}.html`, join(target, 'index.html')].find(
        (file) => existsSync(file) && statSync(file).isFile(),
      );
      const ids = found === undefined ? undefined : places.get(found);
      if (found === undefined) broken.push(`${relative(folder, path)}: ${link} is not there`);
      else if (hash !== '' && ids !== undefined && !ids.has(decoded(hash)) && !ids.has(hash))
        broken.push(`${relative(folder, path)}: ${link} is no place of its page`);
    }
  }
  return { checked, broken };
};
