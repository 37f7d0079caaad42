/** Text that is HTML already. Made by `html` only, so that nothing reaches a page unescaped by accident. */
export class Markup {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must not reach the page
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g;

/** Text as HTML text or attribute value. Control characters and bidirectional overrides become visible boxes. */
export const escapeHtml = (text: string): string =>
  text.replace(UNPRINTABLE, '\ufffd').replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

type Child = Markup | string | number | undefined | readonly Child[];

const rendered = (child: Child): string => {
  if (child === undefined) return '';
  if (child instanceof Markup) return child.toString();
  if (typeof child === 'string' || typeof child === 'number') return escapeHtml(`${child}`);
  return child.map(rendered).join('');
};

/** HTML from a template: everything put in is escaped, unless it is `Markup` itself. `undefined` vanishes, lists are joined. */
export const html = (parts: TemplateStringsArray, ...children: readonly Child[]): Markup =>
  new Markup(parts.map((part, i) => part + rendered(children[i])).join(''));

/** JSON inside a script element: nothing in it can end the element or begin a comment. */
export const scriptJson = (value: unknown): Markup =>
  new Markup(
    JSON.stringify(value)
      .replace(/</g, '\\u003c')
      .replace(/>/g, '\\u003e')
      .replace(/&/g, '\\u0026')
      .replace(/\u2028/g, '\\u2028')
      .replace(/\u2029/g, '\\u2029'),
  );
