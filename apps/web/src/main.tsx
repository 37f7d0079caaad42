import { render } from 'preact';
import { App } from './page/app.js';
import { settingsOf } from './page/settings.js';
import { followTheme } from './page/theme.js';
import './style.css';

declare const __STEPCLOCK_VERSION__: string;

followTheme(settingsOf(location.hash).theme);
const page = document.getElementById('page');
if (page !== null) render(<App version={__STEPCLOCK_VERSION__} />, page);
