import type { SchedulerRules } from './rule-trial.js';

/** The first release of vLLM that plans steps one ahead unless told otherwise. */
const PLANS_AHEAD_FROM = [0, 14];

/**
 * The rules that vLLM's scheduler has unless it is told otherwise.
 *
 * @param engine as a log's settings name it, such as `vLLM 0.19.0`; steps of an engine without a name are planned one by one
 * @param isEnginesOwn whether the log tells when requests were scheduled
 */
export const vllmDefaults = (engine?: string, isEnginesOwn = false): SchedulerRules => {
  const [, major, minor] = /\bvllm v?(\d+)\.(\d+)/i.exec(engine ?? '') ?? [];
  const [fromMajor, fromMinor] = PLANS_AHEAD_FROM;
  const asyncScheduling =
    major !== undefined && (Number(major) > fromMajor || (Number(major) === fromMajor && Number(minor) >= fromMinor));
  // Its loop writes `queued` between two steps; a log that does not tell when requests were scheduled has another clock.
  return { arrivalsReadAtSteps: isEnginesOwn && major !== undefined, asyncScheduling, reserveFullPrompt: false };
};
