package dev.starling.cli.page;

/** The style of every page. It holds nothing that HTML and XML read differently. */
final class Style {
  static final String CSS =
      """

      :root { color-scheme: light dark;
        --paper: #ffffff; --ink: #1c2126; --soft: #5b6570; --grid: #e3e7eb; --rule: #8a949e;
        --box: #f6f8fa; --heat: #0072b2; --on-heat: #ffffff;
        --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b5578f; --c4: #b88600; --c5: #3f9bd0;
        --c6: #4d4d4d; }
      @media (prefers-color-scheme: dark) { :root {
        --paper: #14181c; --ink: #e4e8ec; --soft: #9aa5b0; --grid: #2b333b; --rule: #66717c;
        --box: #1c2228; --heat: #56b4e9; --on-heat: #10151a;
        --c0: #56b4e9; --c1: #ff8a3d; --c2: #2cc79a; --c3: #e39ac6; --c4: #f0c03c; --c5: #9ad1f5;
        --c6: #c9ced3; } }
      * { box-sizing: border-box; }
      body { margin: 0; background: var(--paper); color: var(--ink);
        font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
      main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 64px; }
      h1 { font-size: 24px; line-height: 1.25; margin: 0 0 6px; overflow-wrap: anywhere; }
      h2 { font-size: 18px; margin: 40px 0 12px; padding-top: 12px;
        border-top: 1px solid var(--grid); overflow-wrap: anywhere; }
      h3 { font-size: 14px; margin: 0 0 6px; overflow-wrap: anywhere; }
      .lead { margin: 0; font-size: 16px; color: var(--soft); overflow-wrap: anywhere; }
      .note { margin: 8px 0; color: var(--soft); max-width: 75ch; overflow-wrap: anywhere; }
      section ul { margin: 8px 0; padding-left: 20px; overflow-wrap: anywhere; }
      dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 210px), 1fr));
        gap: 10px 20px; margin: 8px 0; }
      dl div { min-width: 0; }
      dt { font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
      dd { margin: 0; overflow-wrap: anywhere; }
      pre { background: var(--box); border-radius: 6px; padding: 12px 14px; margin: 8px 0;
        overflow-x: auto; font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
      .wide { overflow-x: auto; margin: 8px 0; }
      table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
      th, td { padding: 5px 14px 5px 0; text-align: left; white-space: nowrap;
        border-bottom: 1px solid var(--grid); }
      th { font-weight: 600; color: var(--soft); font-size: 13px; }
      th.number, td.number { text-align: right; }
      .figures { display: grid; gap: 26px 32px; margin: 14px 0;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); }
      figure { margin: 0; min-width: 0; break-inside: avoid; }
      figure.whole { grid-column: 1 / -1; }
      figure.whole svg[role] { min-width: 720px; }
      .drawing { overflow-x: auto; }
      .drawing svg { display: block; width: 100%; height: auto; }
      figcaption { font-size: 13px; color: var(--soft); margin-top: 4px; overflow-wrap: anywhere; }
      section ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px;
        padding: 0; margin: 4px 0 0; font-size: 13px; }
      .legend li { display: inline-flex; align-items: center; gap: 6px; min-width: 0; }
      .legend svg { flex: none; }
      text { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }
      .end { text-anchor: end; }
      .middle { text-anchor: middle; }
      .axis { fill: var(--ink); }
      .value { fill: var(--ink); }
      .dark { fill: var(--on-heat); }
      .none { font-size: 14px; }
      .grid { stroke: var(--grid); stroke-width: 1; }
      .rule { stroke: var(--rule); stroke-width: 1; }
      .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
      .link { stroke-width: 1; stroke-opacity: 0.45; }
      .band { stroke: none; fill-opacity: 0.18; }
      .field, rect.span { stroke: var(--grid); stroke-width: 1; }
      .field { fill: var(--heat); }
      .missing { fill: var(--grid); }
      .ref { stroke: var(--rule); fill: var(--rule); }
      .c0 { stroke: var(--c0); fill: var(--c0); }
      .c1 { stroke: var(--c1); fill: var(--c1); }
      .c2 { stroke: var(--c2); fill: var(--c2); }
      .c3 { stroke: var(--c3); fill: var(--c3); }
      .c4 { stroke: var(--c4); fill: var(--c4); }
      .c5 { stroke: var(--c5); fill: var(--c5); }
      .c6 { stroke: var(--c6); fill: var(--c6); }
      path.line, line.line { fill: none; }
      path.band, rect.band, rect.bar, circle.dot { stroke: none; }
      rect.span { stroke: var(--paper); }
      @media (max-width: 600px) { main { padding: 16px 14px 48px; } }
      @media print { :root { color-scheme: light;
        --paper: #ffffff; --ink: #000000; --soft: #444444; --grid: #dddddd; --rule: #777777;
        --box: #f4f4f4; --heat: #0072b2; --on-heat: #ffffff;
        --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b5578f; --c4: #b88600; --c5: #3f9bd0;
        --c6: #4d4d4d; }
        body { font-size: 11pt; print-color-adjust: exact; }
        main { max-width: none; padding: 0; }
        h2 { break-after: avoid; }
        tr { break-inside: avoid; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; }
        .wide, .drawing { overflow: visible; }
        figure.whole svg[role] { min-width: 0; }
        .figures { grid-template-columns: 1fr 1fr; } }
      """;

  private Style() {}
}
