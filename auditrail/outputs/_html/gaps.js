// The page of a gaps report: filters the findings, shows the map of one layer, and draws the trend.
// Every value is written through textContent or an attribute that D3 sets; no markup, style or address is made of one.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const findings = Array.from(document.querySelectorAll(".finding"));
  const texts = findings.map((finding) => finding.textContent.toLowerCase());
  const state = { text: "", severity: "", cause: "", agent: "", from: "", to: "" };
  const counted = byId("count") ? byId("count").textContent : "";

  // --- findings -----------------------------------------------------------------------------------------------------

  function inWindow(index) {
    if (!state.from) return true;
    const [first, last] = data.spans[index];
    return first === null || (first <= state.to && last >= state.from);
  }

  function show() {
    let seen = 0;
    findings.forEach((finding, index) => {
      const fits = ["severity", "cause"].every((key) => !state[key] || finding.dataset[key] === state[key])
        && (!state.agent || finding.dataset.agent === state.agent || (state.from && !finding.dataset.agent))
        && inWindow(index) && (!state.text || texts[index].includes(state.text));
      finding.hidden = !fits;
      if (fits) seen += 1;
    });
    if (!byId("count")) return;
    const filtered = Boolean(state.text || state.severity || state.cause || state.agent || state.from);
    byId("count").textContent = filtered ? `${seen} of ${counted}` : counted;
    byId("clear").hidden = !filtered;
    byId("none").hidden = seen > 0;
    byId("window").hidden = !state.from;
    byId("window").textContent = state.from ? `touching ${state.from}${state.to === state.from ? "" : ` to ${state.to}`}` : "";
  }

  function clear() {
    for (const key of Object.keys(state)) state[key] = "";
    for (const id of ["search", "severity", "cause", "agent"]) if (byId(id)) byId(id).value = "";
    document.querySelectorAll(".picked").forEach((cell) => cell.classList.remove("picked"));
    show();
  }

  // --- the map ------------------------------------------------------------------------------------------------------

  const rows = Array.from(document.querySelectorAll(".heat tbody tr"));
  const plain = rows.map((row) => Array.from(row.cells).slice(1).map((cell) => [cell.textContent, cell.className, cell.title]));

  function paint(layer) {
    const cells = layer ? data.maps[layer] : plain;
    rows.forEach((row, index) => cells[index].forEach(([mark, look, words], column) => {
      const cell = row.cells[column + 1];
      cell.textContent = mark;
      cell.className = look;
      cell.title = words;
    }));
  }

  function ending(start) {
    const moment = new Date(`${start}T00:00:00Z`);
    if (data.unit === "week") moment.setUTCDate(moment.getUTCDate() + 6);
    if (data.unit === "month") moment.setUTCMonth(moment.getUTCMonth() + 1, 0);
    if (data.unit === "year") moment.setUTCMonth(12, 0);
    return moment.toISOString().slice(0, 10);
  }

  function pick(cell) {
    const row = rows.indexOf(cell.parentElement);
    const column = cell.cellIndex - 1;
    if (row < 0 || column < 0 || !byId("agent")) return;
    const again = cell.classList.contains("picked");
    clear();
    if (again) return;
    cell.classList.add("picked");
    const agent = rows[row].cells[0].textContent;
    state.agent = agent;
    if (Array.from(byId("agent").options).some((option) => option.value === agent)) byId("agent").value = agent;
    state.from = data.columns[column];
    state.to = ending(state.from);
    show();
    byId("count").scrollIntoView({ block: "start" });
  }

  // --- the trend ----------------------------------------------------------------------------------------------------

  function trend() {
    const box = byId("lines");
    if (!box || !data.trend.some((line) => line.points.length > 1)) return;
    box.hidden = false;
    const width = Math.max(box.clientWidth, 280);
    const height = 200;
    const edge = { top: 12, right: 64, bottom: 24, left: 40 };
    const moment = (day) => new Date(`${day}T00:00:00Z`);
    const days = data.trend.flatMap((line) => line.points.map((point) => moment(point[0])));
    const x = d3.scaleUtc(d3.extent(days), [edge.left, width - edge.right]);
    const y = d3.scaleLinear([0, 1], [height - edge.bottom, edge.top]);
    box.replaceChildren();
    const svg = d3.select(box).append("svg").attr("viewBox", `0 0 ${width} ${height}`).attr("role", "img")
      .attr("aria-label", "Share of runs held, week by week, for each layer; the table below has the numbers");
    svg.append("g").selectAll("line").data([0, 0.25, 0.5, 0.75, 1]).join("line").attr("class", "rule")
      .attr("x1", edge.left).attr("x2", width - edge.right).attr("y1", y).attr("y2", y);
    svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - edge.bottom})`)
      .call(d3.axisBottom(x).ticks(Math.max(Math.floor(width / 110), 2)).tickSizeOuter(0));
    svg.append("g").attr("class", "axis").attr("transform", `translate(${edge.left},0)`)
      .call(d3.axisLeft(y).tickValues([0, 0.5, 1]).tickFormat(d3.format(".0%")).tickSizeOuter(0));
    const known = ["agent", "llm", "tool", "policy", "other"];
    const labels = [];
    data.trend.forEach((line, index) => {
      const hue = known.includes(line.layer) ? `l-${line.layer}` : "";
      const group = svg.append("g").attr("class", hue);
      const points = line.points.map(([day, share]) => [x(moment(day)), y(Math.min(share, 1)), day, share]);
      group.append("path").attr("class", `line dash${index % 5}`).attr("d", d3.line()(points.map((point) => point.slice(0, 2))));
      group.selectAll("circle").data(points).join("circle").attr("class", "dot").attr("r", 2.4)
        .attr("cx", (point) => point[0]).attr("cy", (point) => point[1])
        .append("title").text((point) => `${line.layer}, week from ${point[2]}: ${Math.floor(point[3] * 1000) / 10} %`);
      labels.push({ group, text: line.layer, y: points[points.length - 1][1] });
    });
    labels.sort((one, other) => one.y - other.y);
    labels.forEach((label, index) => { if (index && label.y < labels[index - 1].y + 12) label.y = labels[index - 1].y + 12; });
    for (const label of labels) {
      label.group.append("text").attr("class", "label").attr("x", width - edge.right + 8).attr("y", label.y + 4)
        .text(label.text.length > 9 ? `${label.text.slice(0, 8)}\u2026` : label.text);
    }
  }

  const themes = ["system", "dark", "light"];
  function turn() {
    const now = document.documentElement.dataset.theme || "system";
    const next = themes[(themes.indexOf(now) + 1) % themes.length];
    if (next === "system") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = next;
    byId("theme").textContent = `Colours: ${next}`;
  }

  byId("theme").addEventListener("click", turn);
  if (byId("layer")) byId("layer").addEventListener("change", (event) => paint(event.target.value));
  const map = document.querySelector(".heat tbody");
  if (map) map.addEventListener("click", (event) => { const cell = event.target.closest("td"); if (cell) pick(cell); });
  if (byId("search")) {
    byId("search").addEventListener("input", (event) => { state.text = event.target.value.trim().toLowerCase(); show(); });
    for (const key of ["severity", "cause", "agent"]) {
      byId(key).addEventListener("change", (event) => { state[key] = event.target.value; show(); });
    }
    byId("clear").addEventListener("click", clear);
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { clear(); if (document.activeElement === byId("search")) byId("search").blur(); return; }
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === "/" && byId("search")) { event.preventDefault(); byId("search").focus(); }
    if (event.key === "t") turn();
  });
  document.querySelectorAll(".controls").forEach((part) => { part.hidden = false; });
  document.documentElement.classList.add("scripted");
  trend();
  let wait = 0;
  window.addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(trend, 150); });
  document.documentElement.dataset.ready = "yes";
})();
