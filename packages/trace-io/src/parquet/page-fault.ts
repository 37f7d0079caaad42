/** Complains of a page: the rule, and what stands there. */
export type PageFault = (expected: string, value: unknown) => Error;
