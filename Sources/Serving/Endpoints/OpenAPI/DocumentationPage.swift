/// The page at `/docs`. Everything that comes from the document is put in as text, never as markup.
enum DocumentationPage {
  static let html = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Martlet: what can be called</title>
    <link rel="stylesheet" href="/docs/page.css">
    </head>
    <body>
    <header><h1>Martlet</h1><p id="note">reading /openapi.json …</p>
    <label>Key <input id="key" type="password" autocomplete="off" placeholder="none"></label></header>
    <main id="routes"></main>
    <script src="/docs/page.js"></script>
    </body>
    </html>

    """

  static let style = """
    :root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
    body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
    h2 { margin: 1.5rem 0 .5rem; font-size: 1.1rem; }
    details { border: 1px solid #8886; border-radius: .4rem; margin: .3rem 0; padding: .3rem .6rem; }
    summary { cursor: pointer; }
    summary code { font-weight: 600; }
    .method { display: inline-block; min-width: 3.6rem; font-weight: 700; }
    .access { float: right; opacity: .6; }
    label { display: block; margin: .4rem 0; }
    input, textarea { font: 13px ui-monospace, monospace; width: 100%; box-sizing: border-box; }
    textarea { min-height: 7rem; }
    header input { width: 20rem; }
    pre { overflow: auto; max-height: 24rem; background: #8882; padding: .5rem; border-radius: .3rem; }

    """

  static let script = """
    'use strict';
    const make = (tag, text, className) => {
      const element = document.createElement(tag);
      if (text !== undefined) element.textContent = text;
      if (className) element.className = className;
      return element;
    };

    const field = (form, name, control) => {
      const label = make('label', name + ' ');
      label.append(control);
      form.append(label);
      return control;
    };

    const send = async (method, path, inputs, body, output) => {
      let url = path;
      for (const [name, input] of Object.entries(inputs)) url = url.replace('{' + name + '}', encodeURIComponent(input.value));
      const headers = {};
      const key = document.getElementById('key').value;
      if (key) headers.Authorization = 'Bearer ' + key;
      if (body) headers['Content-Type'] = 'application/json';
      const start = performance.now();
      try {
        const answer = await fetch(url, { method: method, headers: headers, body: body ? body.value : undefined });
        let text = await answer.text();
        try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* no JSON: as it is */ }
        output.textContent = answer.status + ' ' + answer.statusText + ' in ' + Math.round(performance.now() - start) + ' ms\\n\\n' + text;
      } catch (error) {
        output.textContent = String(error);
      }
    };

    const route = (method, path, operation) => {
      const box = make('details');
      const head = make('summary');
      head.append(make('span', method.toUpperCase(), 'method'), make('code', path), make('span', operation['x-access'], 'access'));
      box.append(head, make('p', operation.summary));
      const inputs = {};
      for (const parameter of operation.parameters || []) inputs[parameter.name] = field(box, parameter.name, make('input'));
      const media = operation.requestBody && operation.requestBody.content['application/json'];
      let body;
      if (media) {
        body = field(box, 'body', make('textarea'));
        body.value = JSON.stringify(media.example || {}, null, 2);
      }
      const button = make('button', 'send');
      const output = make('pre', '');
      button.addEventListener('click', () => send(method.toUpperCase(), path, inputs, body, output));
      box.append(button, output);
      return box;
    };

    (async () => {
      const list = await (await fetch('/openapi.json')).json();
      document.getElementById('note').textContent = 'version ' + list.info.version;
      const groups = new Map();
      for (const [path, operations] of Object.entries(list.paths).sort()) {
        for (const [method, operation] of Object.entries(operations)) {
          const tag = operation.tags[0];
          if (!groups.has(tag)) groups.set(tag, []);
          groups.get(tag).push(route(method, path, operation));
        }
      }
      const main = document.getElementById('routes');
      for (const [tag, boxes] of [...groups].sort((a, b) => a[0] < b[0] ? -1 : 1)) main.append(make('h2', tag), ...boxes);
    })().catch(error => { document.getElementById('note').textContent = String(error); });

    """
}
