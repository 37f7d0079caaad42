import { printable } from '@stepclock/faults';

const ESCAPE = String.fromCharCode(0x1b);

/** The colours that we paint with ourselves: a mark that sets one and nothing else. */
const COLOUR = new RegExp(`(${ESCAPE}\\[(?:1|2|22|31|33|39)m)`);

/** Text that no terminal acts on: names and labels come from files. Line ends stay, and colours. */
export const forTerminal = (text: string): string =>
  text
    .split(COLOUR)
    .map((part, i) => (i % 2 === 1 ? part : part.split('\n').map(printable).join('\n')))
    .join('');
