import { estimates } from './estimates.js';

/** A module worker: a log's text in, the estimates out. */
self.onmessage = async ({ data }: MessageEvent<string>) => {
  try {
    self.postMessage({ estimates: await estimates(data) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
