/// Draws the charts of a report in the reader's colours, and again when those change.
///
/// Expressions are interpreted (`ast`), never compiled, so that the page needs no `unsafe-eval`.
enum ReportScript {
  static let source = """
    (function () {
      "use strict";
      var specifications = JSON.parse(document.getElementById("charts").textContent);
      var preference = window.matchMedia("(prefers-color-scheme: dark)");
      var views = [];
      function theme(dark, width) {
        var ink = dark ? "#e6edf4" : "#14202d", soft = dark ? "#93a4b5" : "#5a6b7d", line = dark ? "#263240" : "#e6ebf1";
        var font = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
        return {
          background: null, font: font, view: { stroke: null }, text: { color: ink, font: font },
          axis: { labelColor: soft, titleColor: soft, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 12,
            titleFontSize: 12, titleFontWeight: 500, titlePadding: 10, labelLimit: Math.min(340, Math.max(110, width * 0.34)) },
          legend: { labelColor: ink, titleColor: soft, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500, labelLimit: 220 },
          range: { ramp: dark ? ["#1a2530", "#1d4d75", "#3a8bc9", "#8cc8f5"] : ["#f3f7fb", "#b9d6ee", "#4a92cc", "#0d4a80"],
            heatmap: dark ? ["#1a2530", "#1d4d75", "#3a8bc9", "#8cc8f5"] : ["#f3f7fb", "#b9d6ee", "#4a92cc", "#0d4a80"] }
        };
      }
      function draw(dark) {
        views.splice(0).forEach(function (view) { view.finalize(); });
        specifications.forEach(function (specification, index) {
          var copy = JSON.parse(JSON.stringify(specification));
          (copy.params || []).forEach(function (parameter) { if (parameter.name === "dark") parameter.value = dark; });
          var place = document.getElementById("chart-" + index);
          var options = { ast: true, actions: false, renderer: "svg", config: theme(dark, place.clientWidth || 412), tooltip: { theme: dark ? "dark" : "light" } };
          vegaEmbed(place, copy, options)
            .then(function (result) { views.push(result); })
            .catch(function (error) { place.textContent = "This chart cannot be drawn: " + error.message; });
        });
      }
      draw(preference.matches);
      preference.addEventListener("change", function (event) { draw(event.matches); });
      window.addEventListener("beforeprint", function () { if (preference.matches) draw(false); });
      window.addEventListener("afterprint", function () { if (preference.matches) draw(true); });
    })();
    """
}
