import type { GivenFile } from '../messages.js';

declare const __STEPCLOCK_DEMO__: string;

/** A real vLLM log, the steady run of the fixtures, which the build puts into the page. */
export const demoFile = (): GivenFile => ({
  name: 'vllm-cpu-steady.json.gz',
  blob: new Blob([Uint8Array.from(atob(__STEPCLOCK_DEMO__), (sign) => sign.charCodeAt(0))]),
});
