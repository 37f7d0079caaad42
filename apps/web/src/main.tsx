import { render } from 'preact';
import { App } from './page/app.js';
import './style.css';

declare const __STEPCLOCK_VERSION__: string;

const page = document.getElementById('page');
if (page !== null) render(<App version={__STEPCLOCK_VERSION__} />, page);
