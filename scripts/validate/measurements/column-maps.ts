/** Columns of the public request logs, by what `--map` calls them. */
export const COLUMN_MAPS = {
  h100: {
    id: 'id',
    arrival: 'arrival',
    first: 'first',
    last: 'last',
    prompt: 'prompt',
    cached: 'cached',
    output: 'output',
  },
  a40: { start: 'start', first: 'first', last: 'last', prompt: 'prompt_tokens', output: 'output_tokens' },
} as const;
