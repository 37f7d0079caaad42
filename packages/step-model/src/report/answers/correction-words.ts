import { durationText } from '@stepclock/charts';
import type { ClientOverhead } from '../../serving/client-overhead.js';

/** `6.5 ms`, or `6.5 ms + 2 us a prompt token`. */
export const overheadText = ({ seconds, secondsPerPromptToken }: ClientOverhead): string =>
  secondsPerPromptToken === 0
    ? durationText(seconds)
    : `${durationText(seconds)} + ${durationText(secondsPerPromptToken)} a prompt token`;

/** `35 tokens longer than they are counted`. */
export const promptOffsetText = (tokens: number): string =>
  tokens > 0 ? `${tokens} tokens longer than they are counted` : `with ${-tokens} tokens of each found in a cache`;
