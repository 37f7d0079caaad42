import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RunningList } from '../src/scheduler/running-list.js';

it('a list of requests in the order of their admission, from which any may go', () => {
  const requests = 8;
  fc.assert(
    fc.property(fc.array(fc.nat(requests - 1), { maxLength: 40 }), (picked) => {
      const list = new RunningList(requests);
      const plain: number[] = [];
      expect([list.size, list.last]).toEqual([0, -1]);
      for (const request of picked) {
        const at = plain.indexOf(request);
        if (at < 0) {
          list.append(request);
          plain.push(request);
        } else {
          list.remove(request);
          plain.splice(at, 1);
        }
        expect([list.size, list.last]).toEqual([plain.length, plain.at(-1) ?? -1]);
      }
      // Emptied from its end it tells its whole order.
      for (; plain.length > 0; plain.pop()) {
        expect(list.last).toBe(plain.at(-1));
        list.remove(list.last);
      }
      expect([list.size, list.last]).toEqual([0, -1]);
    }),
    { numRuns: 100 },
  );
});
