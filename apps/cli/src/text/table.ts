export { textTable as tableText } from '@stepclock/charts';
