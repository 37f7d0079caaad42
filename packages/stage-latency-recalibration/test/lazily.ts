/** What several tests look at, made when the first of them asks for it: a test file that is only collected costs nothing. */
export const lazily = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};
