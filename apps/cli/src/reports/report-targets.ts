/** Where the options `--report` and `--figures` want the pictures. */
export interface ReportTargets {
  readonly report?: string | undefined;
  readonly figures?: string | undefined;
}

/** Whether anything is to be drawn. */
export const wantsReport = ({ report, figures }: ReportTargets): boolean =>
  report !== undefined || figures !== undefined;
