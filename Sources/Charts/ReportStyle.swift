/// The look of a report: one column of at most 1180 pixels, light and dark by the reader's preference, black on white on paper.
enum ReportStyle {
  static let source = """
    :root{--ground:#f4f6f9;--panel:#fff;--ink:#14202d;--soft:#5a6b7d;--line:#e1e7ee;--accent:#1f6fb2;--accent2:#e0872b;--track:#e8edf3;
    --head1:#0d2238;--head2:#17507f;--notice:#fff6e5;--noticeline:#e0a43a;
    --shadow:0 1px 2px rgba(16,32,48,.05),0 4px 16px rgba(16,32,48,.05)}
    @media(prefers-color-scheme:dark){:root{--ground:#0e141b;--panel:#161e27;--ink:#e6edf4;--soft:#93a4b5;--line:#263240;--accent:#5fa8e2;
    --accent2:#f0a04b;--track:#26313d;--head1:#0b1a2a;--head2:#123a5c;--notice:#2b2415;--noticeline:#b98a35;--shadow:none}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--ground);color:var(--ink);
    font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;
    font-variant-numeric:tabular-nums}
    .page{max-width:1180px;margin:0 auto;padding:0 28px}
    header{background:linear-gradient(120deg,var(--head1),var(--head2));color:#fff;padding:44px 0 84px}
    header .kind{display:inline-block;font-size:12px;letter-spacing:.12em;text-transform:uppercase;font-weight:600;color:#a9cbea;
    margin-bottom:8px}
    header h1{margin:0;font-size:38px;line-height:1.15;letter-spacing:-.015em;font-weight:700;overflow-wrap:anywhere}
    header p{margin:10px 0 0;font-size:17px;color:#cfe0f0;max-width:75ch}
    main.page{margin-top:-58px}
    section{margin:0 0 44px}
    section:first-of-type>h2{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
    h2{font-size:22px;margin:0 0 4px;letter-spacing:-.01em;font-weight:650}
    section>p{margin:0 0 14px;max-width:80ch}
    p.note{color:var(--soft)}
    p.notice{background:var(--notice);border:1px solid var(--line);border-left:4px solid var(--noticeline);border-radius:8px;
    padding:11px 16px;
    max-width:none;margin:12px 0}
    .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(165px,1fr));gap:14px;margin:14px 0}
    .card,.panel,figure.table,.facts{background:var(--panel);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shadow)}
    .card{padding:16px 18px;display:flex;flex-direction:column;min-width:0}
    .card h3{margin:0 0 3px;font-size:13px;font-weight:600;color:var(--soft)}
    .card b{font-size:25px;line-height:1.2;font-weight:680;letter-spacing:-.015em;overflow-wrap:anywhere}
    .card.long:not(.headline) b{font-size:19px;line-height:1.58}
    .card small{color:var(--soft);font-size:12.5px;margin-top:3px}
    .card.headline{grid-column:span 2;padding:20px 24px}
    .card.headline b{font-size:44px;color:var(--accent)}
    .card.headline h3{font-size:14px}
    .scale{position:relative;height:5px;border-radius:3px;background:var(--track);margin-top:auto;top:4px;overflow:hidden}
    .card small:not(:last-child){margin-bottom:12px}
    .scale i{position:absolute;top:0;bottom:0;border-radius:3px}
    .scale .fill{left:0;background:var(--accent);opacity:.85}
    .scale .range{background:var(--accent2)}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(440px,1fr));gap:16px;margin:14px 0;align-items:start}
    .charts.wide{grid-template-columns:1fr}
    .charts .panel:last-child:nth-child(odd){grid-column:1/-1}
    figure{margin:0}
    .panel{padding:18px 20px 12px;min-width:0}
    .panel>figcaption,figure.table>figcaption{font-weight:620;font-size:15px;margin-bottom:10px}
    .chart{width:100%;min-height:120px}
    .chart svg,.chart canvas{max-width:100%;display:block}
    .chart .vega-embed{width:100%;display:block;padding:0}
    details{margin-top:6px;font-size:13px}
    summary{color:var(--soft);cursor:pointer;font-size:12.5px;width:max-content}
    figure.table{padding:16px 20px;margin:14px 0}
    .scroll{overflow-x:auto}
    details .scroll{max-height:320px;overflow-y:auto;margin-top:8px}
    table{border-collapse:collapse;width:100%;font-size:14px}
    th{font-size:12px;font-weight:600;color:var(--soft);text-align:left;border-bottom:2px solid var(--line);padding:7px 12px;
    white-space:nowrap}
    td{padding:7px 12px;border-bottom:1px solid var(--line);overflow-wrap:break-word;max-width:32em}
    tr:last-child td{border-bottom:0}
    tbody tr:hover{background:color-mix(in srgb,var(--accent) 6%,transparent)}
    td.n,th.n{text-align:right;white-space:nowrap}
    td:first-child,th:first-child{padding-left:4px}
    td:last-child,th:last-child{padding-right:4px}
    .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:0 32px;margin:14px 0;padding:10px 22px}
    .facts div{display:flex;gap:16px;justify-content:space-between;border-bottom:1px solid var(--line);padding:8px 0;align-items:baseline}
    .facts dt{color:var(--soft);font-size:14px;white-space:nowrap}
    .facts dd{margin:0;font-weight:560;font-size:14px;text-align:right;overflow-wrap:anywhere}
    .images{display:grid;grid-template-columns:repeat(auto-fill,minmax(124px,1fr));gap:14px;margin:14px 0}
    .images figure{background:var(--panel);border:1px solid var(--line);border-radius:12px;overflow:hidden;box-shadow:var(--shadow)}
    .images img,.images .missing{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:var(--track);
    image-rendering:pixelated}
    .images .missing{display:grid;place-items:center;color:var(--soft);font-size:12px}
    .images figcaption{padding:9px 11px 11px;line-height:1.35}
    .images b{display:block;font-size:13px;overflow-wrap:anywhere}
    .images small{display:block;white-space:pre-line;font-size:12px;color:var(--soft);overflow-wrap:anywhere}
    footer.page{color:var(--soft);font-size:13px;padding-top:4px;padding-bottom:44px}
    #vg-tooltip-element{font:13px system-ui,sans-serif}
    @media(max-width:640px){.page{padding:0 16px}.charts{grid-template-columns:1fr}header{padding:28px 0 76px}header h1{font-size:28px}
    .cards{grid-template-columns:repeat(2,1fr)}.card{padding:13px 14px}.card b{font-size:21px}.facts{grid-template-columns:1fr}}
    @media print{:root{--ground:#fff;--panel:#fff;--ink:#000;--soft:#444;--line:#ccc;--shadow:none}header{background:none;color:#000;
    padding:0 0 16px}
    header p,header .kind{color:#444}main.page{margin-top:0}details{display:none}
    .card,.panel,figure.table,.facts,.images figure{break-inside:avoid}
    td{overflow-wrap:anywhere}h2{break-after:avoid}body{font-size:12px}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
    """
}
