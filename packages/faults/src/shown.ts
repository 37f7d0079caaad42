/** Longest text of a value in a message, characters. */
const LONGEST_SHOWN = 80;

/** Controls, formats (bidirectional overrides among them), line and paragraph separators: what can change a terminal or a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** A text as one line that no terminal acts on: control and format characters are escaped as `\u001b`. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, escaped);

/** A text, cut where it grows long: names of columns come from files. */
export const cut = (text: string): string =>
  text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;

const quoted = (value: string | object): string => {
  // A long value is cut before it is quoted: quoting ten megabytes to show eighty characters is waste.
  if (typeof value === 'string') return JSON.stringify(value.slice(0, LONGEST_SHOWN + 1));
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
};

/** The value of a fault about something that is not there: `got nothing`. */
export const nothing = Symbol('nothing');

/** One line of printable text for any value, cut where it grows long: `"abc"`, `12`, `an array of 3`, `null`. */
export const shown = (value: unknown): string => {
  if (value === nothing) return 'nothing';
  const isQuoted = typeof value === 'string' || (typeof value === 'object' && value !== null);
  return printable(cut(isQuoted ? quoted(value) : String(value)));
};

/** The first few of a list, for messages: `a, b and 3 more`. */
export const listed = (items: readonly (string | number)[], most = 6): string =>
  items.length <= most ? items.join(', ') : `${items.slice(0, most).join(', ')} and ${items.length - most} more`;

/** A share in per cent as messages show it: two digits, and all those before the point. */
export const shareText = (share: number): string => {
  const percent = 100 * share;
  return `${Math.abs(percent) < 99.5 ? percent.toPrecision(2) : Math.round(percent)} %`;
};
