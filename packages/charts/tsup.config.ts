import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';

/** Fonts and Vega's runtime are read from their packages: this one runs on Node. */
export default defineConfig({ ...library, platform: 'node' });
