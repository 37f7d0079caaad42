import type { Ask, Reply } from '../messages.js';

/** One of the page's threads; all are there from the start, so that nothing is loaded later. */
export class Thread {
  readonly #worker = new Worker(new URL('../engine/engine-worker.js', import.meta.url), { type: 'module' });

  constructor(onReply: (reply: Reply) => void) {
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => onReply(data);
    this.#worker.onerror = ({ message }) => onReply({ part: 'fault', line: message });
  }

  ask(question: Ask): void {
    this.#worker.postMessage(question);
  }
}
