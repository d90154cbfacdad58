// The page is complete without this: it shows values under the pointer, marks the section in view and
// unfolds everything for paper.
"use strict";
for (const area of document.querySelectorAll("[data-plot]")) {
  const plot = JSON.parse(area.dataset.plot);
  const hair = document.createElement("i"), readout = document.createElement("div");
  hair.className = "hair"; readout.className = "readout"; hair.hidden = readout.hidden = true;
  area.append(hair, readout);
  const number = (y) => Math.abs(y) >= 0.01 || y === 0 ? y.toFixed(3) : y.toExponential(2);
  area.addEventListener("pointermove", (event) => {
    const box = area.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const x = plot.x[0] + share * (plot.x[1] - plot.x[0]);
    const near = (points) => points.reduce((a, b) => Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a);
    const lines = plot.lines.map((line) => [line.name.split(" ")[0], near(line.points)]);
    readout.textContent = [`${plot.axis} ${Math.round(lines[0][1][0])}`]
      .concat(lines.map(([name, point]) => `${name} ${number(point[1])}`.trim())).join(" · ");
    hair.hidden = readout.hidden = false;
    hair.style.left = `${share * 100}%`;
    readout.style.left = `${Math.min(Math.max(0, share * box.width - readout.offsetWidth / 2), box.width - readout.offsetWidth)}px`;
  });
  area.addEventListener("pointerleave", () => { hair.hidden = readout.hidden = true; });
}
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
if (window.IntersectionObserver) {
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  for (const section of document.querySelectorAll("main section")) observer.observe(section);
}
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => { for (const details of folded) details.open = false; });
