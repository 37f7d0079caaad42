import { PALETTES, paletteDeclarations } from '../render/theme.js';
import { PAGE_FONT } from './page-figures.js';

const LIGHT = `color-scheme:light;--page:#f4f6f9;--card:#fff;--line:#dde3eb;--text:#17202e;--soft:#556070;--accent:#0a5fa6;--good:#0b7a53;--good-tint:#e7f5ef;--caution:#9a5b00;--caution-tint:#fdf3e0;--bad:#b3261e;--bad-tint:#fcebea;--shadow:0 1px 2px rgba(20,30,50,.06);--edge:rgba(20,30,50,.14);${paletteDeclarations(PALETTES.light)}`;
const DARK = `color-scheme:dark;--page:#0e131a;--card:#151b24;--line:#2a3442;--text:#e9eef6;--soft:#a7b2c2;--accent:#7cc0ff;--good:#57d3a4;--good-tint:#12291f;--caution:#f0bb55;--caution-tint:#2d2413;--bad:#ff8f87;--bad-tint:#331a19;--shadow:none;--edge:rgba(0,0,0,.6);${paletteDeclarations(PALETTES.dark)}`;

/** The page's style sheet: light, dark and print are the same page with other variables. */
export const STYLE = `
:root{${LIGHT}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${DARK}}}
:root[data-theme=dark]{${DARK}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 ${PAGE_FONT}}
.page{max-width:1120px;margin:0 auto;padding:28px 24px 48px}
header{display:flex;gap:16px;align-items:flex-start;justify-content:space-between}
header>div{min-width:0}
h1{font-size:1.75rem;line-height:1.2;margin:0;letter-spacing:-.015em;overflow-wrap:anywhere}
.subtitle{color:var(--soft);margin:.35rem 0 0;overflow-wrap:anywhere}
h2{font-size:1.28rem;line-height:1.3;margin:2.6rem 0 .5rem;letter-spacing:-.01em;scroll-margin-top:1rem}
h3{font-size:1rem;line-height:1.35;margin:0;overflow-wrap:anywhere}
p{margin:.4rem 0 .9rem;max-width:78ch;overflow-wrap:anywhere}
ul{margin:.4rem 0 .9rem;padding-left:1.25rem}
li{margin:.2rem 0;overflow-wrap:anywhere;max-width:78ch}
code{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
a{color:var(--accent)}
.switch{flex:none;font:inherit;font-size:.85rem;color:var(--text);background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.45rem .8rem;min-height:40px;cursor:pointer;white-space:nowrap}
.switch:hover{border-color:var(--soft)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.no-script .needs-script{display:none}
.verdict{margin:1.4rem 0 1rem;padding:1rem 1.25rem;border:1px solid var(--line);border-left:5px solid var(--tone);border-radius:10px;background:var(--tint);box-shadow:var(--shadow)}
.verdict.good{--tone:var(--good);--tint:var(--good-tint)}
.verdict.caution{--tone:var(--caution);--tint:var(--caution-tint)}
.verdict.bad{--tone:var(--bad);--tint:var(--bad-tint)}
.verdict .tone{font-size:.8rem;font-weight:700;letter-spacing:.04em;text-transform:uppercase;color:var(--tone);margin:0}
.verdict .headline{font-size:1.18rem;line-height:1.4;font-weight:600;margin:.15rem 0 .3rem}
.verdict ul{margin-bottom:0}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,190px),1fr));gap:12px;margin:1rem 0;padding:0;list-style:none;max-width:none}
.cards li{max-width:none;margin:0;padding:.8rem 1rem;background:var(--card);border:1px solid var(--line);border-radius:10px;box-shadow:var(--shadow)}
.cards .label{display:block;color:var(--soft);font-size:.85rem;line-height:1.35}
.cards .value{display:block;font-size:1.55rem;line-height:1.25;font-weight:650;font-variant-numeric:tabular-nums;letter-spacing:-.01em;overflow-wrap:anywhere}
.cards .unit{font-size:.95rem;font-weight:500;color:var(--soft);letter-spacing:0}
.cards .note{display:block;color:var(--soft);font-size:.82rem;line-height:1.4}
.contents{margin:1.2rem 0 0;font-size:.9rem;display:flex;flex-wrap:wrap;gap:.3rem 1.1rem}
.contents a{text-decoration:none;padding:.15rem 0}
.contents a:hover{text-decoration:underline}
.warnings{list-style:none;padding:0;max-width:none;display:grid;gap:8px}
.warnings li{max-width:none;margin:0;padding:.65rem 1rem;background:var(--caution-tint);border:1px solid var(--line);border-left:4px solid var(--caution);border-radius:8px}
.warnings code{color:var(--caution);font-weight:600;display:block;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:16px;margin:1rem 0 1.2rem}
.group{grid-column:1/-1;margin:1rem 0 -.2rem;min-width:0}
.figures>.group:first-child{margin-top:0}
.group h3{font-size:1.08rem}
.group p{color:var(--soft);font-size:.9rem;margin:.15rem 0 0;max-width:96ch}
figure{margin:0;display:flex;flex-direction:column;padding:1rem 1.1rem .9rem;background:var(--card);border:1px solid var(--line);border-radius:10px;box-shadow:var(--shadow);min-width:0;break-inside:avoid}
figure.wide{grid-column:1/-1}
figure .head{display:flex;gap:10px;align-items:flex-start;justify-content:space-between;margin-bottom:.5rem}
figure .head>div{min-width:0}
figure .sub{color:var(--soft);font-size:.85rem;line-height:1.4;margin:.1rem 0 0;overflow-wrap:anywhere}
figure .save{flex:none;font:inherit;font-size:.75rem;line-height:1;color:var(--soft);background:none;border:1px solid var(--line);border-radius:6px;padding:.4rem .55rem;cursor:pointer}
figure .save:hover{color:var(--text);border-color:var(--soft)}
figcaption{color:var(--soft);font-size:.86rem;line-height:1.5;margin-top:.5rem;overflow-wrap:anywhere}
.plot{width:100%;min-width:0}
.plot svg{display:block;max-width:100%;height:auto;margin:0 auto;overflow:visible}
.table{position:relative;overflow-x:auto;margin:.8rem 0 1.1rem;background:linear-gradient(to right,var(--card) 40%,transparent) 0 0/48px 100% no-repeat local,linear-gradient(to left,var(--card) 40%,transparent) 100% 0/48px 100% no-repeat local,linear-gradient(to right,var(--edge),transparent) 0 0/14px 100% no-repeat,linear-gradient(to left,var(--edge),transparent) 100% 0/14px 100% no-repeat,var(--card);border:1px solid var(--line);border-radius:10px;box-shadow:var(--shadow)}
table{border-collapse:collapse;width:100%;font-size:.9rem;line-height:1.45}
caption{text-align:left;font-weight:600;padding:.7rem 1rem .5rem;caption-side:top}
th,td{padding:.45rem 1rem;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
caption.spoken{position:absolute;width:1px;height:1px;padding:0;overflow:hidden;clip-path:inset(50%)}
caption.spoken+thead th{border-top:0}
thead th{color:var(--soft);font-weight:600;font-size:.82rem;vertical-align:bottom}
tbody th{font-weight:600}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.note{color:var(--soft);font-size:.86rem}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:.2rem 1.8rem;margin:.6rem 0 1.1rem}
.facts div{display:flex;justify-content:space-between;gap:1rem;border-bottom:1px solid var(--line);padding:.3rem 0}
.facts dt{color:var(--soft);min-width:0;overflow-wrap:anywhere}
.facts .short{white-space:nowrap;flex:none}
.facts dd{margin:0;text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:break-word;max-width:75%}
.provenance pre{margin:.4rem 0 1rem;padding:.8rem 1rem;background:var(--card);border:1px solid var(--line);border-radius:10px;white-space:pre-wrap;overflow-wrap:anywhere}
.inputs th[scope=row]{min-width:12rem;overflow-wrap:anywhere}
.inputs code{white-space:nowrap}
.tip{position:fixed;z-index:9;left:0;top:0;pointer-events:none;max-width:min(320px,calc(100vw - 16px));background:var(--card);color:var(--text);border:1px solid var(--line);border-radius:8px;box-shadow:0 6px 20px rgba(10,20,40,.22);padding:.45rem .6rem;font-size:.8rem;line-height:1.4;visibility:hidden}
.tip.shown{visibility:visible}
.tip table{font-size:inherit;width:auto}
.tip td,.tip th{border:0;padding:.05rem 0;text-align:left;overflow-wrap:anywhere}
.tip th{color:var(--soft);font-weight:400;padding-right:.8rem}
.tip td{font-variant-numeric:tabular-nums;font-weight:600}
@media (max-width:600px){
.page{padding:18px 14px 36px}
h1{font-size:1.4rem}
figure{padding:.8rem .7rem .7rem}
.cards{grid-template-columns:repeat(auto-fit,minmax(min(100%,142px),1fr));gap:10px}
.cards li{padding:.65rem .8rem}
.cards .value{font-size:1.35rem}
figure .save{display:none}
th,td{padding:.4rem .7rem}
.verdict{padding:.85rem 1rem}
}
@media print{
:root,:root:root,:root:root[data-theme]{${LIGHT};--page:#fff}
body{font-size:11pt}
.page{max-width:none;padding:0}
.switch,.contents,.save,.tip{display:none!important}
figure,.verdict,.cards li,.table,.warnings li{box-shadow:none;break-inside:avoid;-webkit-print-color-adjust:exact;print-color-adjust:exact}
.figures{grid-template-columns:1fr 1fr;gap:10px}
.table{overflow:visible}
.inputs code{white-space:normal;overflow-wrap:anywhere}
h2,h3,caption{break-after:avoid}
thead{display:table-header-group}
tr{break-inside:avoid}
@page{margin:14mm}
}
`;
