import { installedFile, installedText } from '../render/installed-file.js';

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
export const vegaRuntime = (): string => {
  const vega = installedText(installedFile('vega').replace(/[^/\\]+$/, 'vega.min.js'));
  const interpreter = installedText(installedFile('vega-interpreter'));
  return insideScript(`${vega.trim()}\n${asGlobal(interpreter)}`);
};
