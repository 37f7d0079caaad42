import {
  type ConversionNote,
  carried,
  type Exported,
  type ExportInput,
  type ModelExports,
  titleLines,
} from './export-format.js';
import { npzOf } from './npz.js';

const MILLISECONDS = 1e3;
/** Prompts and caches between which the tables are straight lines; the mocker goes on straight beyond. */
const FAR_TOKENS = 1_000_000;
const LONGEST_CONTEXT = 2 ** 18;
const CONTEXTS = 512;

/** Whole lengths from 1, evenly apart by their logarithms. */
const contexts = (): Float64Array => {
  const all = Array.from({ length: CONTEXTS }, (_, i) => Math.round(LONGEST_CONTEXT ** (i / (CONTEXTS - 1))));
  return Float64Array.from(new Set(all));
};

/**
 * The profile that Dynamo's mocker reads (`timing_model` `dynamo_profile`, `--planner-profile-data`): prefill time over tokens, decode time over
 * tokens of KV cache and mean context, in ms, straight between grid points. It adds the two in a step that does both, so the fixed
 * cost stands in the decode table, but for a worker that only prefills.
 */
const profile =
  (isPrefillWorker: boolean) =>
  (input: ExportInput): Exported => {
    const { beta0, beta1, beta2, beta3 } = carried(input, "Dynamo's mocker");
    const tokens = Float64Array.of(0, FAR_TOKENS);
    const context = contexts();
    const fixed = isPrefillWorker ? beta0 : 0;
    const ttft = tokens.map((n) => MILLISECONDS * (fixed + beta1 * n));
    const stepMs = Float64Array.from(
      Array.from(tokens).flatMap((kv) =>
        Array.from(context, (each) => MILLISECONDS * (beta0 + beta2 * (kv / each) + beta3 * kv)),
      ),
    );
    const ratio = LONGEST_CONTEXT ** (1 / (CONTEXTS - 1));
    const off = (100 * (ratio - 1) ** 2) / (4 * ratio);
    const notes: readonly ConversionNote[] = [
      isPrefillWorker
        ? {
            field: 'prefill_ttft_ms',
            conversion: 'exact',
            message: 'beta0 and beta1: a worker that only prefills. With decodes in its steps beta0 would count twice.',
          }
        : {
            field: 'prefill_ttft_ms',
            conversion: 'approximate',
            message: `beta1: exact in steps that decode as well, to which the mocker adds it; a step that only prefills lacks beta0, ${MILLISECONDS * beta0} ms.`,
          },
      {
        field: 'decode_itl',
        conversion: 'approximate',
        message: `beta0, beta2 and beta3 x tokens of context; the number of decodes is tokens over mean context, at most ${off.toFixed(3)} % too many between two contexts of the grid. The mocker counts one token of context more a request, cuts the mean context to a whole number (0.1 % of a step of 16 decodes at 175 tokens), and lets no decode step take less than 1 ms.`,
      },
    ];
    const text = titleLines('profile of the Dynamo mocker; milliseconds', notes).join('\n');
    const bytes = npzOf([
      { name: 'prefill_isl', shape: [tokens.length], values: tokens },
      { name: 'prefill_ttft_ms', shape: [tokens.length], values: ttft },
      { name: 'decode_active_kv_tokens', shape: [tokens.length], values: tokens },
      { name: 'decode_context_length', shape: [context.length], values: context },
      { name: 'decode_itl', shape: [tokens.length, context.length], values: stepMs },
      { name: 'stepclock_notes', shape: [], values: text },
    ]);
    return { text: `${text}\n`, bytes, notes };
  };

const CHECKED = 'loaded and replayed by ai-dynamo-runtime 1.6.1';

export const dynamoMockerExports = {
  'dynamo-mocker-npz': {
    description: `profile of Dynamo's mocker, NPZ; ${CHECKED}; decode steps within 0.2 %, a step that only prefills lacks beta0`,
    write: profile(false),
  },
  'dynamo-mocker-prefill-npz': {
    description: `the same for a worker that only prefills; ${CHECKED}; exact`,
    write: profile(true),
  },
} satisfies ModelExports;
