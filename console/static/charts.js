// Draws what a figure's data says; the table beside it says the same, so nothing here is needed to read a page.
"use strict";

const language = document.documentElement.lang;
const narrow = () => innerWidth < 600;
const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();
// Okabe and Ito's, told apart by those who see fewer colours; patterns lie over them besides.
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"];
const TEXT = { color: colour("--ink"), fontFamily: "system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif" };

function written(value, unit, short = false) {
  if (value === null || value === undefined || Number.isNaN(value)) return "—";
  const options = unit === "share" ? { style: "percent", maximumFractionDigits: 1 }
    : { maximumFractionDigits: 2, ...(short ? { notation: "compact" } : {}) };
  return new Intl.NumberFormat(language, options).format(value) + (unit === "percent" ? " %" : "");
}

function axes(chart, across, other) {
  const named = { type: "category", data: chart.categories, axisLabel: { ...TEXT, hideOverlap: true }, ...across };
  const counted = {
    type: "value", scale: Boolean(chart.near), splitLine: { lineStyle: { color: colour("--rule") } },
    axisLabel: { ...TEXT, hideOverlap: true, formatter: (value) => written(value, chart.unit, true) }, ...other,
  };
  return [named, counted];
}

const legend = (chart) => ({
  show: chart.series.length > 1, type: "plain", textStyle: TEXT, top: 0, data: chart.series.map((one) => one.name),
});

function bars(chart) {
  const [named, counted] = axes(chart, { inverse: true, axisLabel: { ...TEXT, width: narrow() ? 92 : 180, overflow: "truncate" } });
  return {
    legend: legend(chart), yAxis: named, xAxis: counted,
    series: chart.series.map((one) => ({
      ...one, type: "bar", barMaxWidth: 26, stack: chart.stacked ? "all" : undefined,
      label: {
        ...TEXT, show: !chart.stacked, position: "right", formatter: ({ value }) => written(value, chart.unit, true),
      },
    })),
  };
}

function trend(chart) {
  const [named, counted] = axes(chart, { boundaryGap: false });
  const line = { type: "line", symbolSize: 7, connectNulls: false };
  const band = { type: "line", stack: "band", symbol: "none", lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
  const between = chart.low ? [
    { ...band, name: "low", data: chart.low },
    {
      ...band, name: "band", areaStyle: { color: COLOURS[0], opacity: 0.16, decal: { symbol: "none" } },
      data: chart.high.map((high, place) => (high === null || chart.low[place] === null ? null : high - chart.low[place])),
    },
  ] : [];
  const dashes = ["solid", "dashed", "dotted", [10, 4, 2, 4], [4, 8], [12, 6]];
  return {
    legend: legend(chart), xAxis: named, yAxis: counted,
    series: [
      ...chart.series.map((one, place) => ({
        ...line, ...one, itemStyle: { color: COLOURS[place] },
        lineStyle: { width: place ? 1.6 : 2.6, type: dashes[place], color: COLOURS[place] },
      })),
      ...between,
    ],
  };
}

function heat(chart) {
  const most = Math.max(...chart.cells.filter(([month]) => month > 0).map(([, , value]) => value ?? 0), 0.01);
  return {
    xAxis: { type: "category", data: chart.x, position: "top", axisLabel: TEXT },
    yAxis: { type: "category", data: chart.y, inverse: true, axisLabel: TEXT },
    visualMap: { show: false, min: 0, max: most, inRange: { color: ["#eaf4fb", "#0072b2"] } },
    series: [{
      type: "heatmap", data: chart.cells, itemStyle: { borderColor: colour("--paper"), borderWidth: 1 },
      label: {
        show: !narrow(), fontFamily: TEXT.fontFamily, fontSize: 10,
        formatter: ({ value }) => (value[2] === null ? "" : Math.round(value[2] * 100)),
      },
    }],
    aria: { decal: { show: false } },
  };
}

function sankey(chart) {
  const labels = Object.fromEntries(chart.nodes.map((node) => [node.name, node.label]));
  return {
    series: [{
      type: "sankey", left: 4, right: narrow() ? 84 : 130, top: 8, bottom: 8, nodeAlign: "justify", draggable: false,
      data: chart.nodes.map(({ name }, place) => ({
        name, itemStyle: { color: COLOURS[place % COLOURS.length] },
      })),
      links: chart.links, lineStyle: { color: "source", opacity: 0.3 },
      label: { ...TEXT, formatter: ({ name }) => labels[name] },
    }],
  };
}

function scatter(chart) {
  const shares = chart.points.map(({ value }) => value[2]);
  const most = Math.max(...shares, 0.0001);
  const title = { nameTextStyle: TEXT, nameLocation: "middle" };
  return {
    grid: { left: 56, right: 24, top: 24, bottom: 48, outerBoundsMode: "none" },
    xAxis: { ...title, name: chart.x, nameGap: 28, axisLabel: { ...TEXT, hideOverlap: true, formatter: (value) => written(value, "share") }, splitLine: { show: false } },
    yAxis: { ...title, name: chart.y, nameGap: 38, scale: true, axisLabel: TEXT, splitLine: { lineStyle: { color: colour("--rule") } } },
    series: [{
      type: "scatter", data: chart.points, symbolSize: (value) => 8 + 26 * Math.sqrt(value[2] / most),
      label: { ...TEXT, show: true, position: "right", formatter: ({ name }) => name },
      labelLayout: { hideOverlap: true },
      markLine: { silent: true, symbol: "none", data: [{ yAxis: 1 }], lineStyle: { color: colour("--ink-2") }, label: { show: false } },
    }],
  };
}

function tree(chart) {
  const small = narrow();
  const dress = (node) => ({
    ...node, children: node.children.map(dress),
    itemStyle: { color: node.grew ? "#009e73" : "#d55e00", borderColor: "transparent" },
    symbol: node.grew ? "triangle" : "pin",
  });
  return {
    series: [{
      type: "tree", data: [dress(chart.root)], orient: "LR", initialTreeDepth: -1, roam: false, expandAndCollapse: false,
      left: 12, right: small ? 96 : 190, top: 24, bottom: small ? 40 : 24, symbolSize: 12,
      lineStyle: { color: colour("--rule"), width: 2 },
      label: {
        ...TEXT, position: small ? [-4, 14] : "right", verticalAlign: small ? "top" : "middle", align: "left",
        fontSize: small ? 10 : 12, lineHeight: small ? 13 : 17, width: small ? 92 : 180, overflow: "break",
        distance: 8, formatter: ({ data }) => `${data.name}\n${data.figure}`,
      },
      leaves: { label: { position: "right", verticalAlign: "middle", width: small ? 84 : 180 } },
    }],
  };
}

const KINDS = { bars, trend, heat, sankey, scatter, tree };

function heightOf(chart) {
  if (chart.kind === "bars") return 70 + 34 * chart.categories.length * (chart.stacked ? 1 : chart.series.length);
  if (chart.kind === "heat") return 60 + 26 * chart.y.length;
  return chart.kind === "tree" ? 380 : 320;
}

function tip(chart) {
  return (about) => {
    const all = (Array.isArray(about) ? about : [about]).filter((one) => one.seriesName !== "low" && one.seriesName !== "band");
    if (chart.kind === "tree") return `${all[0].data.name}: ${all[0].data.figure}`;
    if (chart.kind === "heat") return `${chart.y[all[0].value[1]]} ${chart.x[all[0].value[0]]}: ${written(all[0].value[2], chart.unit)}`;
    if (chart.kind === "scatter") {
      const [support, lift, confidence] = all[0].value;
      return `${all[0].name}\n${chart.x}: ${written(support, "share")}\n${chart.y}: ${written(lift)}\n${chart.size}: ${written(confidence, "share")}`;
    }
    if (chart.kind === "sankey") return written(all[0].value, chart.unit);
    return [all[0]?.name, ...all.map((one) => `${one.seriesName}: ${written(one.value, chart.unit)}`)].join("\n");
  };
}

function draw(figure) {
  const chart = JSON.parse(figure.dataset.chart);
  const place = figure.querySelector(".drawing");
  place.style.height = `${heightOf(chart)}px`;
  const drawn = echarts.init(place, null, { renderer: "svg" });
  const show = () => {
    const own = KINDS[chart.kind](chart);
    drawn.setOption({
      animation: false, color: COLOURS, textStyle: TEXT,
      grid: { left: 8, right: 48, top: chart.series?.length > 1 ? 60 : 16, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      // As text of the drawing: a tooltip of HTML would need styles that the page's policy refuses.
      tooltip: {
        renderMode: "richText", confine: true, trigger: ["bars", "trend"].includes(chart.kind) ? "axis" : "item",
        formatter: tip(chart),
      },
      ...own,
      aria: { enabled: true, label: { description: chart.label }, decal: { show: true }, ...own.aria },
    }, true);
  };
  show();
  let wide = place.clientWidth;
  new ResizeObserver(() => {
    if (place.clientWidth === wide) return;
    wide = place.clientWidth;
    drawn.resize();
    show();
  }).observe(place);
  figure.classList.add("drawn");
}

document.querySelectorAll("[data-chart]").forEach(draw);
