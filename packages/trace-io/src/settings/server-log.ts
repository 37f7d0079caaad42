/** Python's words in a printed dictionary or dataclass, as values of JSON. */
const WORDS: Readonly<Record<string, unknown>> = { None: null, True: true, False: false };

/** A line of settings is as long as an engine's arguments; what comes after is no argument. */
const LONGEST_LINE = 65_536;

/** vLLM prints the arguments that differ from its defaults, SGLang all of them, and both what they made of the memory that they found. */
const ARGUMENTS = /non-default args: \{|\bserver_args=ServerArgs\(|\bmax_total_num_tokens=\d/;
const CACHE = /KV cache size: ([\d,]{1,20}) tokens/;
const VERSION = /\bvLLM (?:API server version|server version|version) v?(\d[\w.+-]{0,40})/;

/** `'name': value` of a dictionary, `name=value` of a dataclass; a value that is a text, a word or a number. */
const PAIR = /(?:'(\w{1,64})': |\b(\w{1,64})=)(?:'([^']{0,1024})'|([\w.+-]{1,64})|([{[(]))/g;

/** Whether a text is a server's log with a line of settings in it. */
export const isServerLog = (text: string): boolean =>
  !text.trimStart().startsWith('{') && (ARGUMENTS.test(text) || CACHE.test(text));

const parsedWord = (word: string): unknown => {
  if (Object.hasOwn(WORDS, word)) return WORDS[word];
  const number = Number(word);
  return Number.isFinite(number) ? number : word;
};

/** The linear part of a log: its lines, one after another, without a copy of the whole. */
function* linesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    const to = end < 0 ? text.length : end;
    yield text.slice(from, Math.min(to, from + LONGEST_LINE));
    from = to + 1;
  }
}

/**
 * The settings that vLLM and SGLang print into their log, under their own names: the arguments (`non-default args: {...}`,
 * `server_args=ServerArgs(...)`, `max_total_num_tokens=..., max_running_requests=...`), the size of the KV cache, vLLM's version. Of a setting that
 * is printed twice the last counts: an engine says what it made of its arguments after them.
 */
export function settingsOfServerLog(text: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const line of linesOf(text)) {
    const at = ARGUMENTS.exec(line)?.index;
    if (at !== undefined) {
      for (const [, key, name = key ?? '', quoted, word, nested] of line.slice(at).matchAll(PAIR)) {
        if (name !== 'server_args') found[name] = quoted ?? (nested === undefined ? parsedWord(word ?? '') : nested);
      }
    }
    const tokens = CACHE.exec(line)?.[1];
    if (tokens !== undefined) found.num_kv_tokens = Number(tokens.replaceAll(',', ''));
    const version = VERSION.exec(line)?.[1];
    if (version !== undefined) found.vllm_version = version;
  }
  return found;
}
