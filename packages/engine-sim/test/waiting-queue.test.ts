import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitingQueue } from '../src/scheduler/waiting-queue.js';

const queueOf = (arrivalSec: Float64Array): WaitingQueue => {
  const queue = new WaitingQueue(arrivalSec.length, new Float64Array(arrivalSec.length));
  for (const [request, sec] of arrivalSec.entries()) queue.expect(request, sec);
  return queue;
};

describe('the queue', () => {
  it('takes in who has arrived until a time, that time included, and remembers when it did', () => {
    const queue = queueOf(Float64Array.of(1, 2, 2, 3));
    expect([queue.isEmpty, queue.nextArrivalSec]).toEqual([true, 1]);
    queue.takeIn(0.5, 0.5);
    expect([queue.isEmpty, queue.nextArrivalSec]).toEqual([true, 1]);
    queue.takeIn(2, 1.75);
    expect([queue.isEmpty, queue.head, queue.headWasPreempted, queue.nextArrivalSec]).toEqual([false, 0, false, 3]);
    queue.takeIn(9, 10);
    expect(queue.nextArrivalSec).toBe(Number.POSITIVE_INFINITY);
    expect([...queue.takenInSec]).toEqual([1.75, 1.75, 1.75, 10]);
  });

  it('serves preempted ones first, the last preempted at the head, then new ones as they arrived', () => {
    // What happens: one arrives, the head is served, one of those served comes back.
    const events = fc.array(fc.constantFrom('arrival', 'service', 'return'), { maxLength: 40 });
    fc.assert(
      fc.property(events, (happened) => {
        const queue = queueOf(Float64Array.from({ length: 40 }, (_, i) => i));
        const plain: { request: number; again: boolean }[] = [];
        const served: number[] = [];
        let arrived = 0;
        for (const event of happened) {
          if (event === 'arrival') {
            queue.takeIn(arrived, arrived);
            plain.push({ request: arrived++, again: false });
          } else if (event === 'service' && plain.length > 0) {
            served.push(queue.head);
            queue.removeHead();
            plain.shift();
          } else if (event === 'return' && served.length > 0) {
            const request = served.pop() as number;
            queue.prepend(request);
            plain.unshift({ request, again: true });
          }
          expect(queue.isEmpty).toBe(plain.length === 0);
          const [head] = plain;
          if (head !== undefined) expect([queue.head, queue.headWasPreempted]).toEqual([head.request, head.again]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
