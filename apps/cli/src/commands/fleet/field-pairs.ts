import { usageFault } from '../../session/errors.js';

/** A field and the name of its column, as `--columns` of `fleet` and `sql` take them. */
export const pairOf = (word: string): readonly [string, string] => {
  const at = word.indexOf('=');
  if (at < 1) throw usageFault('--columns', 'must be field=column', word);
  return [word.slice(0, at), word.slice(at + 1)];
};
