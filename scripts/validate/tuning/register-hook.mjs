import { register } from 'node:module';

register('./change-constant.mjs', import.meta.url);
