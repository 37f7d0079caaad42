import { forPackage } from '../../vitest.shared.js';

export default forPackage({ test: { globalSetup: ['test/built-program.ts'] } });
