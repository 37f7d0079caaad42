/** Texts that may be given several times, or several in one, apart by commas. */
export const listOption = (describe: string) =>
  ({
    type: 'string',
    requiresArg: true,
    describe,
    coerce: (value: unknown): readonly string[] =>
      (value === undefined ? [] : [value].flat())
        .flatMap((text) => String(text).split(','))
        .map((text) => text.trim())
        .filter((text) => text !== ''),
  }) as const;
