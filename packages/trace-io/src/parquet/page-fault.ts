/** Complains of a page: what it must have, and what stands there. */
export type PageFault = (contents: string, value: unknown) => Error;
