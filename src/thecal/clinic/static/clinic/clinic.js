// Draws the plots of a chart from the data that the page carries, on one shared time axis.
// Without this script every page still works: the same figures stand in the tables below the plots.
"use strict";

(function () {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const faded = (colour) => `color-mix(in srgb, ${colour} 20%, transparent)`;
  const DAY = 86400;
  let drawn = [];

  function timeText(s) {
    return new Date(s * 1000).toISOString().slice(0, 16).replace("T", " ");
  }

  function axes(unit, colour, grid) {
    const common = { stroke: colour, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: "12px Inter, sans-serif", labelFont: "12px Inter, sans-serif" };
    return [
      Object.assign({}, common, {
        space: 76,
        values: (u, ticks, axis, space, step) => ticks.map((t) => {
          const text = new Date(t * 1000).toUTCString();
          return step >= DAY ? text.slice(5, 11) : text.slice(17, 22) + (t % DAY === 0 ? "\n" + text.slice(5, 11) : "");
        }),
      }),
      Object.assign({}, common, { label: unit, labelSize: 18, size: 58 }),
    ];
  }

  function eventLines(events, colour, labels) {
    return (u) => {
      const { ctx, bbox } = u;
      ctx.save();
      ctx.strokeStyle = colour;
      ctx.fillStyle = colour;
      ctx.setLineDash([4, 4]);
      ctx.lineWidth = devicePixelRatio;
      ctx.font = `${11 * devicePixelRatio}px Inter, sans-serif`;
      for (const event of events) {
        const x = Math.round(u.valToPos(event.t, "x", true));
        if (x < bbox.left || x > bbox.left + bbox.width) continue;
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        if (labels) ctx.fillText(event.n, x + 4 * devicePixelRatio, bbox.top + 11 * devicePixelRatio);
      }
      ctx.restore();
    };
  }

  function banded(name, unit, colour) {
    return [
      { label: name, stroke: colour, width: 2, value: (u, v) => (v == null ? "–" : v.toPrecision(3) + " " + unit) },
      { label: name + " low", stroke: faded(colour), width: 1, value: (u, v) => (v == null ? "–" : v.toPrecision(3)) },
      { label: name + " high", stroke: faded(colour), width: 1, value: (u, v) => (v == null ? "–" : v.toPrecision(3)) },
    ];
  }

  function plot(box, data, panel, first) {
    const ink = css("--ink-2");
    const grid = css("--line");
    const series = [{ label: "Time", value: (u, v) => (v == null ? "–" : timeText(v)) }];
    const bands = [];
    let columns;
    if (panel.points) {
      columns = [panel.points.t, panel.points.v];
      const colour = css("--" + panel.points.colour);
      series.push({ label: panel.points.name, stroke: colour, width: 1, points: { show: true, size: 6, fill: colour }, paths: panel.points.steps ? uPlot.paths.stepped({ align: 1 }) : undefined });
    } else {
      columns = [data.t];
      for (const line of panel.lines) {
        const colour = css("--" + line.colour);
        const at = series.length;
        columns.push(line.mid);
        if (line.low) {
          series.push(...banded(line.name, panel.unit, colour));
          columns.push(line.low, line.high);
          bands.push({ series: [at + 2, at + 1], fill: faded(colour) });
        } else {
          series.push({ label: line.name, stroke: colour, width: 2, fill: faded(colour), paths: uPlot.paths.stepped({ align: 1 }), value: (u, v) => (v == null ? "–" : v.toPrecision(3) + " " + panel.unit) });
        }
      }
    }
    const holder = box.querySelector("[data-canvas]");
    const chart = new uPlot({
      width: holder.clientWidth || 600,
      height: panel.height || 150,
      cursor: { sync: { key: "chart", scales: ["x", null] }, drag: { x: true, y: false } },
      legend: { show: false },
      scales: {
        x: { time: true, range: (u, low, high) => (u.zoomed ? [low, high] : [data.from, data.to]) },
        y: panel.range ? { range: panel.range } : { range: (u, low, high) => [0, high > 0 ? high * 1.08 : 1] },
      },
      tzDate: (s) => uPlot.tzDate(new Date(s * 1000), "Etc/UTC"),
      axes: axes(panel.unit, ink, grid),
      series,
      bands,
      hooks: {
        draw: [eventLines(data.events, ink, first)],
        setSelect: [(u) => { for (const other of drawn) other.zoomed = true; }],
        setCursor: [(u) => readout(box, u, panel)],
      },
    }, columns, holder);
    chart.root.addEventListener("dblclick", () => { for (const other of drawn) { other.zoomed = false; other.setScale("x", { min: data.from, max: data.to }); } });
    const canvas = chart.root.querySelector("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", box.dataset.label);
    return chart;
  }

  function readout(box, u, panel) {
    const target = box.querySelector("[data-readout]");
    const i = u.cursor.idx;
    if (!target) return;
    if (i == null) { target.textContent = ""; return; }
    const parts = [timeText(u.data[0][i])];
    u.series.forEach((s, k) => {
      if (k === 0 || / (low|high)$/.test(s.label)) return;
      const v = u.data[k][i];
      if (v == null) return;
      let text = `${s.label} ${Number(v.toPrecision(3))} ${panel.unit}`;
      if (u.series[k + 1] && u.series[k + 1].label === s.label + " low") text += ` (${Number(u.data[k + 1][i].toPrecision(3))} to ${Number(u.data[k + 2][i].toPrecision(3))})`;
      parts.push(text);
    });
    target.textContent = parts.join(" · ");
  }

  function draw() {
    for (const chart of drawn) chart.destroy();
    drawn = [];
    const source = document.getElementById("plot-data");
    if (!source || typeof uPlot === "undefined") return;
    const data = JSON.parse(source.textContent);
    data.panels.forEach((panel, i) => {
      const box = document.getElementById("plot-" + panel.id);
      if (box) drawn.push(plot(box, data, panel, i === 0));
    });
  }

  document.addEventListener("DOMContentLoaded", draw);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.querySelector && event.target.querySelector("#plot-data")) draw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  let pending;
  addEventListener("resize", () => {
    clearTimeout(pending);
    pending = setTimeout(() => {
      for (const chart of drawn) chart.setSize({ width: chart.root.parentElement.clientWidth, height: chart.height });
    }, 120);
  });
})();
