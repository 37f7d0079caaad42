import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';

// @stdlib comes as hundreds of tiny CommonJS files, which take longer to load than a log takes to fit: they are bundled,
// in the form that they have for browsers.
export default defineConfig({ ...library, platform: 'browser', noExternal: [/^@stdlib\//] });
