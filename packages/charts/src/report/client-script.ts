/**
 * What runs in the reader's browser, after Vega: brings the still pictures to life as they come near the screen, shows tooltips
 * as text, switches between light and dark, saves a picture. It needs no network and no `eval` (expressions are interpreted), and
 * without it the page is whole.
 */
export const CLIENT_SCRIPT = String.raw`
(function () {
  'use strict';
  var root = document.documentElement;
  root.classList.remove('no-script');

  var scheme = window.matchMedia('(prefers-color-scheme: dark)');
  var button = document.getElementById('theme');
  function isDark() { return root.dataset.theme ? root.dataset.theme === 'dark' : scheme.matches; }
  function label() { button.textContent = isDark() ? 'Light view' : 'Dark view'; }
  button.addEventListener('click', function () { root.dataset.theme = isDark() ? 'light' : 'dark'; label(); });
  scheme.addEventListener('change', label);
  label();

  var tip = document.createElement('div');
  tip.className = 'tip';
  tip.setAttribute('role', 'tooltip');
  document.body.appendChild(tip);

  function cell(row, tag, text) {
    var element = document.createElement(tag);
    element.textContent = text;
    row.appendChild(element);
  }

  function showTip(handler, event, item, value) {
    if (value === null || value === undefined || value === '') { tip.classList.remove('shown'); return; }
    tip.textContent = '';
    if (typeof value === 'object') {
      var table = document.createElement('table');
      Object.keys(value).forEach(function (name) {
        var row = document.createElement('tr');
        cell(row, 'th', name);
        cell(row, 'td', String(value[name]));
        table.appendChild(row);
      });
      tip.appendChild(table);
    } else tip.textContent = String(value);
    tip.classList.add('shown');
    var box = tip.getBoundingClientRect();
    var x = event.clientX + 14;
    var y = event.clientY + 14;
    if (x + box.width > window.innerWidth - 8) x = Math.max(8, event.clientX - box.width - 14);
    if (y + box.height > window.innerHeight - 8) y = Math.max(8, event.clientY - box.height - 14);
    tip.style.transform = 'translate(' + Math.round(x) + 'px,' + Math.round(y) + 'px)';
  }
  window.addEventListener('scroll', function () { tip.classList.remove('shown'); }, { passive: true });

  var specs = JSON.parse(document.getElementById('figures').textContent);

  function unpacked(packed) {
    var names = Object.keys(packed.columns);
    var rows = [];
    for (var i = 0; i < packed.rows; i++) {
      var row = {};
      names.forEach(function (name) {
        var column = packed.columns[name];
        row[name] = column.texts ? column.texts[column.at[i]] : column[i];
      });
      rows.push(row);
    }
    return rows;
  }
  function specOf(id) {
    var spec = specs[id];
    spec.data.forEach(function (source) {
      if (source.packed) { source.values = unpacked(source.packed); delete source.packed; }
    });
    return spec;
  }

  function enliven(plot) {
    var still = Array.from(plot.childNodes);
    plot.style.minHeight = plot.getBoundingClientRect().height + 'px';
    var view = null;
    try {
      view = new vega.View(vega.parse(specOf(plot.id), null, { ast: true }), {
        expr: expressionInterpreter,
        renderer: 'svg',
        container: plot,
        hover: true,
        logLevel: vega.Error
      });
      view.tooltip(showTip);
    } catch (error) {
      plot.replaceChildren.apply(plot, still);
      console.error(error);
      return;
    }
    view.runAsync().then(function () {
      plot.style.minHeight = '';
      plot.dataset.alive = 'yes';
    }, function (error) {
      view.finalize();
      plot.replaceChildren.apply(plot, still);
      console.error(error);
    });
  }

  var plots = Array.from(document.querySelectorAll('.plot'));
  if ('IntersectionObserver' in window) {
    var observer = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) return;
        observer.unobserve(entry.target);
        enliven(entry.target);
      });
    }, { rootMargin: '600px 0px' });
    plots.forEach(function (plot) { observer.observe(plot); });
  } else plots.forEach(enliven);

  function resolved(svg) {
    var style = getComputedStyle(root);
    var text = new XMLSerializer().serializeToString(svg);
    return text.replace(/var\((--chart-[a-z0-9-]+)\)/g, function (_, name) { return style.getPropertyValue(name).trim(); });
  }
  document.addEventListener('click', function (event) {
    var save = event.target.closest ? event.target.closest('.save') : null;
    if (!save) return;
    var svg = document.getElementById(save.dataset.for).querySelector('svg');
    var link = document.createElement('a');
    var url = URL.createObjectURL(new Blob([resolved(svg)], { type: 'image/svg+xml' }));
    link.href = url;
    link.download = save.dataset.name + '.svg';
    link.click();
    URL.revokeObjectURL(url);
  });
})();
`;
