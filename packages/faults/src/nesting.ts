/** Levels of nesting that no JSON of ours has: parsers take memory for every level, and hundreds of bytes of it. */
export const MOST_LEVELS = 200;

/** Whether a JSON text has more than {@link MOST_LEVELS} levels of lists and objects; in linear time, and without a parser. */
export const nestsTooDeep = (json: string | Uint8Array): boolean => {
  const isText = typeof json === 'string';
  let depth = 0;
  let inText = false;
  for (let i = 0; i < json.length; i++) {
    const code = isText ? json.charCodeAt(i) : json[i];
    if (inText) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) inText = false;
    } else if (code === QUOTE) inText = true;
    else if (code === LIST_END || code === OBJECT_END) depth--;
    else if ((code === LIST || code === OBJECT) && ++depth > MOST_LEVELS) return true;
  }
  return false;
};

const [QUOTE, BACKSLASH, LIST, LIST_END, OBJECT, OBJECT_END] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];
