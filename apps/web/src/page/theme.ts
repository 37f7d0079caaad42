export type Theme = 'light' | 'dark';

const isDark = matchMedia('(prefers-color-scheme: dark)');
let chosen: Theme | undefined;

const show = (): void => {
  document.documentElement.dataset.theme = chosen ?? (isDark.matches ? 'dark' : 'light');
};

/** The page looks as the browser does, until another look is chosen. @param theme the choice, where there is one */
export const followTheme = (theme: Theme | undefined): void => {
  chosen = theme;
  show();
  isDark.addEventListener('change', show);
};

/** Changes the look. @returns the new one */
export const otherTheme = (): Theme => {
  chosen = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  show();
  return chosen;
};
