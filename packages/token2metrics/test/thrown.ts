/** What a call throws, with the fields that a message does not show. */
export const thrownBy = (call: () => unknown): Record<string, unknown> => {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return { ...error, message: error.message };
    throw error;
  }
  throw new Error('nothing was thrown');
};
