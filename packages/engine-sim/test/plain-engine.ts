import type { Scenario, Workload } from '../src/index.js';

interface Row {
  readonly index: number;
  readonly prompt: number;
  readonly output: number;
  readonly cached: number;
  readonly arrival: number;
  computed: number;
  goal: number;
  emitted: number;
  blocks: number[];
  first: number;
  last: number;
  scheduled: number;
  preemptions: number;
  ended: boolean;
}

interface PlainStep {
  readonly start: number;
  readonly duration: number;
  readonly prefill: number;
  readonly prefillContext: number;
  readonly decode: number;
  readonly context: number;
  readonly requests: number;
  readonly preemptions: number;
  readonly usedBlocks: number;
  readonly running: number;
}

/**
 * The engine's rules, written down as plainly as possible: objects, lists, every block of the cache by number, every running
 * request visited in every step. It shares no code with the fast engine.
 */
export const plainEngine = (workload: Workload, engine: Scenario['engine']) => {
  const { beta0, beta1, beta2, beta3 = 0 } = engine.coefficients;
  const budgetLimit = engine.maxNumBatchedTokens ?? Infinity;
  const seqs = engine.maxNumSeqs ?? 256;
  const cap = engine.chunkSize ?? Infinity;
  const limited = engine.kvTokens !== undefined;
  const freeBlocks = Array.from({ length: Math.floor((engine.kvTokens ?? 0) / 16) }, (_, b) => b);
  const total = freeBlocks.length;
  /** What a block holds: "request/place", until it is handed out again. */
  const content = new Map<number, string>();

  const rows: Row[] = Array.from({ length: workload.length }, (_, index) => ({
    index,
    prompt: workload.promptTokens[index] ?? 0,
    output: workload.outputTokens[index] ?? 0,
    cached: workload.cachedTokens?.[index] ?? 0,
    arrival: workload.arrivalSec[index] ?? 0,
    computed: 0,
    goal: 0,
    emitted: 0,
    blocks: [],
    first: Number.NaN,
    last: Number.NaN,
    scheduled: Number.NaN,
    preemptions: 0,
    ended: false,
  }));
  const future = [...rows].sort((a, b) => a.arrival - b.arrival || a.index - b.index);
  const waiting: Row[] = [];
  const running: Row[] = [];
  const steps: PlainStep[] = [];
  const decoding = (r: Row) => !r.ended && r.computed >= r.goal;
  const need = (tokens: number, r: Row) => (limited ? Math.max(0, Math.ceil(tokens / 16) - r.blocks.length) : 0);
  const grow = (r: Row, tokens: number) => {
    for (let left = need(tokens, r); left > 0; left--) {
      const block = freeBlocks.shift() ?? Number.NaN;
      content.set(block, `${r.index}/${r.blocks.length}`);
      r.blocks.push(block);
    }
  };
  const giveBack = (r: Row) => {
    freeBlocks.push(...r.blocks.reverse());
    r.blocks = [];
  };
  /** Leading whole blocks of a preempted request that still hold its tokens. */
  const survivors = (r: Row): number[] => {
    if (!engine.prefixCaching || r.preemptions === 0) return [];
    const found: number[] = [];
    for (let place = 0; place < Math.floor(r.computed / 16); place++) {
      const block = freeBlocks.find((b) => content.get(b) === `${r.index}/${place}`);
      if (block === undefined) break;
      found.push(block);
    }
    return found;
  };

  let plan = Number.NEGATIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  let known = Number.NEGATIVE_INFINITY;
  let preemptedSince = 0;
  let toRelease: Row[] = [];
  const release = () => {
    for (const r of toRelease) {
      if (!running.includes(r)) continue;
      running.splice(running.indexOf(r), 1);
      giveBack(r);
    }
    toRelease = [];
  };
  while (rows.some((r) => !r.ended)) {
    plan = Math.max(plan, known);
    const busy = waiting.length > 0 || running.some((r) => !r.ended);
    if (!busy && plan >= end) plan = Math.max(plan, future[0]?.arrival ?? Number.NaN);
    while (future[0] !== undefined && future[0].arrival <= plan) waiting.push(future.shift() as Row);

    let preempted = 0;
    let chunks = new Map<Row, number>();
    let budget = budgetLimit;
    for (;;) {
      chunks = new Map();
      const decodes = running.filter(decoding);
      budget = budgetLimit - decodes.length;
      let wanted = decodes.reduce((sum, r) => sum + need(r.computed + 1, r), 0);
      for (const r of running.filter((x) => !x.ended && !decoding(x))) {
        const chunk = Math.min(r.goal - r.computed, cap, budget);
        budget -= chunk;
        chunks.set(r, chunk);
        wanted += need(r.computed + chunk, r);
      }
      if (!limited || wanted <= freeBlocks.length) break;
      const victim = running.pop() as Row;
      giveBack(victim);
      preempted++;
      if (victim.ended) continue;
      victim.preemptions++;
      preemptedSince++;
      waiting.unshift(victim);
    }
    for (const r of running) if (!r.ended) grow(r, r.computed + (chunks.get(r) ?? 1));
    while (preempted === 0 && waiting[0] !== undefined && budget > 0 && running.length < seqs) {
      const r = waiting[0];
      const kept = survivors(r);
      const have = Math.max(kept.length * 16, r.cached);
      const goal = r.prompt + r.emitted;
      const chunk = Math.min(goal - have, cap, budget);
      if (limited && Math.ceil((engine.reserveFullPrompt ? goal : have + chunk) / 16) > freeBlocks.length) break;
      waiting.shift();
      for (const block of kept) freeBlocks.splice(freeBlocks.indexOf(block), 1);
      r.blocks = kept;
      r.computed = have;
      r.goal = goal;
      grow(r, have + chunk);
      chunks.set(r, chunk);
      budget -= chunk;
      if (Number.isNaN(r.scheduled)) r.scheduled = plan;
      running.push(r);
    }
    const decodes = running.filter((r) => decoding(r) && !chunks.has(r));
    if (decodes.length + chunks.size === 0) {
      release();
      known = end;
      continue;
    }
    const prefill = [...chunks.values()].reduce((a, b) => a + b, 0);
    const prefillContext = [...chunks].reduce((sum, [r, chunk]) => {
      for (let i = 1; i <= chunk; i++) sum += r.computed + i;
      return sum;
    }, 0);
    const context = decodes.reduce((sum, r) => sum + r.computed, 0);
    const duration = beta0 + beta1 * prefill + beta2 * decodes.length + beta3 * context;
    const start = Math.max(plan, end);
    steps.push({
      start,
      duration,
      prefill,
      prefillContext,
      decode: decodes.length,
      context,
      requests: decodes.length + [...chunks.values()].filter((c) => c > 0).length,
      preemptions: preemptedSince,
      usedBlocks: total - freeBlocks.length,
      running: running.length,
    });
    preemptedSince = 0;
    known = end;
    end = start + duration;
    if (!engine.asyncScheduling) known = end;
    release();
    for (const r of decodes) {
      r.computed++;
      r.emitted++;
    }
    for (const [r, chunk] of chunks) {
      r.computed += chunk;
      if (r.computed < r.goal) continue;
      r.emitted++;
      if (r.emitted === 1) r.first = end;
    }
    for (const r of running) {
      if (r.ended || r.emitted < r.output) continue;
      r.ended = true;
      r.last = end;
      toRelease.push(r);
    }
    if (!engine.asyncScheduling) release();
  }
  return { rows, steps };
};
