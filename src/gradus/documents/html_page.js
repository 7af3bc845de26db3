"use strict";
(() => {
  const failures = [];

  const typeset = (element) => {
    const source = element.textContent;
    try {
      katex.render(source, element, {
        displayMode: element.classList.contains("display"),
        throwOnError: true,
        strict: "ignore",
        trust: false,
      });
      // A nobreak box ties the comma to its formula, which still breaks where KaTeX lets it.
      const parts = element.closest(".nobreak")?.querySelectorAll(".katex-html > * + *") ?? [];
      for (const part of parts) part.before(document.createElement("wbr"));
    } catch (error) {
      element.textContent = source;
      element.classList.add("failed");
      element.title = error.message;
      failures.push(error.message);
    }
  };

  const report = () => {
    const box = document.getElementById("formula-errors");
    const list = box.querySelector("ul");
    for (const message of failures) {
      list.appendChild(document.createElement("li")).textContent = message;
    }
    box.hidden = failures.length === 0;
    document.documentElement.dataset.formulaErrors = String(failures.length);
  };

  // A formula in running text can be wider than a narrow screen: it then gets a line and a scroll bar of its own.
  const fit = () => {
    const formulas = [...document.querySelectorAll(".math.inline")];
    for (const formula of formulas) formula.classList.remove("wide");
    const wide = formulas.filter((formula) => {
      const room = formula.closest("p, li, td, th, figcaption, h2, h3, h4, h5, h6, blockquote, main, nav").clientWidth;
      // KaTeX breaks a formula between the children of this element only.
      return room > 0 && [...formula.querySelectorAll(".katex-html > *")].some((part) => part.offsetWidth > room);
    });
    for (const formula of wide) formula.classList.add("wide");
    for (const box of document.querySelectorAll(".math.display, .math.wide, .scroll, pre")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };

  document.documentElement.classList.add("rendered");
  document.querySelectorAll(".math").forEach(typeset);
  report();
  const contents = document.querySelector("nav details");
  if (contents) contents.open = matchMedia("(min-width: 72rem)").matches;
  document.fonts.ready.then(fit);
  addEventListener("resize", () => requestAnimationFrame(fit));
})();
