/** Names beyond these tell nothing more. */
const MOST_KEYS = 100;

/**
 * The names at the top of a JSON text that may be cut: of its object, or of the first object of its list. Linear; what is no JSON has none.
 */
export function topKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let wanted = 1;
  for (let i = text.search(/\S/); i >= 0 && i < text.length; i++) {
    const character = text[i];
    if (depth === 0 && character === '[') wanted = 2;
    if (depth === 0 && character !== '{' && character !== '[') return keys;
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      depth--;
      if (depth < wanted) return keys;
    } else if (character === '"') {
      const end = endOfText(text, i + 1);
      if (end < 0) return keys;
      if (depth === wanted && /^\s*:/.test(text.slice(end + 1, end + 20))) keys.push(text.slice(i + 1, end));
      if (keys.length === MOST_KEYS) return keys;
      i = end;
    }
  }
  return keys;
}

/** Index of the quote that ends the JSON string from `from` on; -1 where none does. */
function endOfText(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return -1;
}
