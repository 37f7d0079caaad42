export {
  durationText,
  groupedText as grouped,
  percentText as percent,
  significantText as significant,
} from '@stepclock/charts';
