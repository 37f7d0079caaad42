/** A fenced block of a README. */
export interface Snippet {
  readonly language: string;
  readonly code: string;
  /** 1-based line of its first line of code. */
  readonly line: number;
}

/** The fenced blocks of a Markdown text. */
export const snippetsOf = (markdown: string): readonly Snippet[] => {
  const snippets: Snippet[] = [];
  const fence = /^```(\w*)[^\n]*\n([\s\S]*?)^```/gm;
  for (let m = fence.exec(markdown); m !== null; m = fence.exec(markdown)) {
    const line = markdown.slice(0, m.index).split('\n').length + 1;
    snippets.push({ language: m[1] ?? '', code: m[2] ?? '', line });
  }
  return snippets;
};

const ARROW = /^(?<code>.*?);?\s*\/\/ (?:=>|→) (?<shown>.+)$/;
const NAMED = /^\s*(?:const|let) (?<name>\w+)\b.*=/;
const PRINTED = /^\s*console\.log\((?<what>.*)\)$/;

/**
 * A snippet as a script that checks itself: every `// => value` beside a statement becomes a comparison of the statement's
 * value with the value shown. Prose behind an arrow is left alone.
 */
export const checkedScript = (code: string): string =>
  code
    .split('\n')
    .map((line) => {
      const { code: statement, shown } = ARROW.exec(line)?.groups ?? {};
      if (statement === undefined || shown === undefined || statement.trim() === '') return line;
      const value = JSON.stringify(shown.trim());
      const name = NAMED.exec(statement)?.groups?.name;
      if (name !== undefined) return `${statement}; __shows(${name}, ${value});`;
      const printed = PRINTED.exec(statement)?.groups?.what;
      if (printed !== undefined) return `__shows(${printed}, ${value});`;
      return /^\s*(await )?[\w.([]+/.test(statement) &&
        !/^\s*[})]/.test(statement) &&
        !/^\s*(import|export|\/\/)/.test(statement)
        ? `__shows(${statement.trim()}, ${value});`
        : line;
    })
    .join('\n');

/**
 * Defines `__shows`: numbers agree to the digits shown, strings and the rest exactly; what is no literal is prose. Function
 * declarations, so that they may stand behind the snippet, whose imports come first.
 */
export const SHOWS = `
function __literal(text) {
  try { return { value: new Function('return (' + text + ')')() }; } catch { return undefined; }
}
function __digits(x) {
  const [mantissa = ''] = String(Math.abs(x)).split('e');
  return Math.max(1, mantissa.replace('.', '').replace(/^0+/, '').length);
}
function __agree(got, want) {
  if (typeof want === 'number') return got === want || (typeof got === 'number' && Number(got.toPrecision(__digits(want))) === want);
  if (ArrayBuffer.isView(got)) got = Array.from(got);
  if (Array.isArray(want)) return Array.isArray(got) && got.length === want.length && want.every((w, i) => __agree(got[i], w));
  if (want !== null && typeof want === 'object') {
    return got !== null && typeof got === 'object' && Object.entries(want).every(([k, w]) => __agree(got[k], w));
  }
  return Object.is(got, want);
}
function __shows(got, shown) {
  const want = __literal(shown) ?? __literal(shown.split(/ {2,}| \\(|, /)[0]);
  if (want === undefined || __agree(got, want.value)) return;
  throw new Error('the README shows ' + shown + ', but the value is ' + JSON.stringify(ArrayBuffer.isView(got) ? Array.from(got) : got));
}
`;
