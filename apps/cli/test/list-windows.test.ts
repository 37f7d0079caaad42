import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stepclock } from './program.js';

const LOG = join(import.meta.dirname, '../../../fixtures/traces/shared-budget-300/requests.jsonl');

describe('--list-windows', { timeout: 60_000 }, () => {
  it('lists what the trace was cut into; JSON has it always', async () => {
    const { stdout } = await stepclock(['estimate', LOG, '--list-windows']);
    expect(stdout).toMatch(/\nwindows\n +from s +to s +steps +rows +beta0 .*residual +set aside\n +0 +32\.5/);
    const { by_window: windows, clock } = JSON.parse((await stepclock(['estimate', LOG, '--json'])).stdout);
    expect(windows).toHaveLength(clock.windows);
    expect(windows[0]).toMatchObject({ set_aside: null, betas: { beta0: expect.any(Number) } });
  });

  it('belongs to the step clock', async () => {
    const { code, stderr } = await stepclock(['estimate', LOG, '--list-windows', '--algo', 'baseline']);
    expect(code).toBe(2);
    expect(stderr).toContain('--list-windows: does not apply to --algo baseline');
  });
});
