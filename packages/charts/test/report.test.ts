import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ReportData, renderReport } from '../src/index.js';
import { escapeHtml, html, scriptJson } from '../src/report/markup.js';
import { everySpec } from './every-spec.js';

const minimal = (): ReportData => ({
  title: 'T',
  verdict: { tone: 'good', headline: 'H' },
  sections: [],
  provenance: { command: 'c', versions: {}, inputs: [] },
});

describe('markup', () => {
  it('escapes everything that is not markup already', () => {
    expect(html`<p title="${'"><'}">${['a', html`<b>${'&'}</b>`, undefined, 3]}</p>`.toString()).toBe(
      '<p title="&quot;&gt;&lt;">a<b>&amp;</b>3</p>',
    );
  });

  it('shows control characters and bidirectional overrides as boxes', () => {
    expect(escapeHtml('a\u0000b\u202ec')).toBe('a\ufffdb\ufffdc');
  });

  it('JSON in a script element can neither end it nor open a comment', () => {
    const value = { text: '</script><!--\u2028&' };
    const text = scriptJson(value).toString();
    expect(text).not.toMatch(/[<>&\u2028]/);
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe('a report', () => {
  it('allows its own two scripts by digest and no other', async () => {
    const page = await renderReport(minimal());
    const scripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map((match) => match[1] ?? '');
    expect(scripts).toHaveLength(2);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
    for (const script of scripts) {
      expect(policy).toContain(`'sha256-${createHash('sha256').update(script).digest('base64')}'`);
    }
    expect(policy).not.toContain('unsafe-eval');
    expect(policy).toContain("default-src 'none'");
  });

  it('is drawn the same to the byte each time, with its figures', async () => {
    const figures = Object.values(everySpec()).map((spec) => ({ spec }));
    const data = { ...minimal(), sections: [{ title: 'S', blocks: [{ kind: 'figures' as const, figures }] }] };
    const page = await renderReport(data);
    expect((await renderReport(data)) === page).toBe(true);
    expect(page.match(/<svg/g)?.length).toBeGreaterThanOrEqual(figures.length);
  });
});
