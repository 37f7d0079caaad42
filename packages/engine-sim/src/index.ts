export { BLOCK_TOKENS, type EngineCost, type EngineLimits, type EngineOptions, type Router } from './engine-options.js';
export type { EngineSimFaultCode } from './engine-sim-fault.js';
export {
  runScenario,
  type Scenario,
  type ScenarioName,
  type ScenarioOptions,
  type ScenarioRun,
  scenarioNames,
  scenarios,
} from './scenarios.js';
export type { ClosedLoop } from './scheduler/cluster.js';
export { type SimulateOptions, type Simulation, type SimulationTruth, simulate, type ViewOptions } from './simulate.js';
export type { Coefficients, EngineStep, StepSeconds } from './step-seconds.js';
export type { StepTable } from './step-table.js';
export type { TokenSteps } from './token-steps.js';
export { type TokenTimesOptions, tokenTimes } from './token-times.js';
export type { ServedRequests, ServedTimes } from './trace-view.js';
export { type Arrivals, drawWorkload, type Lengths, type Workload, type WorkloadOptions } from './workload.js';
