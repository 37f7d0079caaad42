/** The build that carries its WebAssembly within: nothing to find beside a bundle, in Node and in browsers. */
declare module 'sql.js/dist/sql-wasm-inline.js' {
  export { default } from 'sql.js';
}
