import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const here = createRequire(import.meta.url);

/** An element's own end tag inside it would end it early. */
const insideScript = (code: string): string => code.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');

/** The interpreter is published as a module; in the page it stands beside the global `vega`. */
const asGlobal = (module: string): string => {
  const body = module
    .replace(/^import \{([^}]*)\} from 'vega-util';$/m, 'const {$1} = vega;')
    .replace(/^export \{ expression as expressionInterpreter \};$/m, 'globalThis.expressionInterpreter = expression;')
    .replace(/^\/\/# sourceMappingURL=.*$/m, '');
  return `(function () {\n'use strict';\n${body}\n})();`;
};

/** Vega and its expression interpreter as one script for the page, minified, from the packages that are installed here. */
export const vegaRuntime = async (): Promise<string> => {
  const vega = await readFile(join(dirname(here.resolve('vega')), 'vega.min.js'), 'utf8');
  const interpreter = await readFile(here.resolve('vega-interpreter'), 'utf8');
  return insideScript(`${vega.trim()}\n${asGlobal(interpreter)}`);
};
