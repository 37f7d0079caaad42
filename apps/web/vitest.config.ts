import { forPackage } from '../../vitest.shared.js';

export default forPackage();
