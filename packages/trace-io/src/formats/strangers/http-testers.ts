import { A_CLIENT, type Stranger, withKeys } from './stranger.js';

const INSTEAD = `it times whole answers and counts no tokens: ${A_CLIENT}`;

/** Files of tools that load any HTTP server, and of servers that log any request: they know nothing of tokens. */
export const HTTP_TESTERS: readonly Stranger[] = [
  { is: 'the summary of k6', instead: INSTEAD, recognise: withKeys('metrics', 'root_group') },
  {
    is: 'the points of k6',
    instead: INSTEAD,
    recognise: (head) =>
      withKeys('type', 'data', 'metric')(head) || /^metric_name,timestamp,metric_value,/.test(head.firstLine),
  },
  { is: 'a result of oha', instead: INSTEAD, recognise: withKeys('summary', 'responseTimeHistogram') },
  {
    is: 'statistics of Locust',
    instead: INSTEAD,
    recognise: ({ firstLine }) => /^"?(?:Type"?,"?Name"?,"?Request Count|Timestamp"?,"?User Count)\b/.test(firstLine),
  },
  { is: 'the table of hey', instead: INSTEAD, recognise: ({ firstLine }) => /^response-time,DNS\+/.test(firstLine) },
  {
    is: 'what a load tester of HTTP printed (wrk, hey, ab)',
    instead: INSTEAD,
    recognise: ({ text }) => /^Running \S+ test @ |^This is ApacheBench|^Summary:\s+Total:\s+[\d.]+ secs/m.test(text),
  },
  {
    is: 'an access log of a web server',
    instead: INSTEAD,
    recognise: ({ firstLine }) => /^\S+ \S+ \S+ \[\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:]+ [+-]\d{4}\] "/.test(firstLine),
  },
];
