// Typeset, make every slide fit, then hand the deck to reveal.js. Once reveal.js begins, hidden slides have no size.
const WIDTH = 1280, HEIGHT = 720, SMALLEST = 0.5;

const edge = (slide) => slide.getBoundingClientRect().left + WIDTH - 24;
const width = (part) => Math.max(part.getBoundingClientRect().width, part.scrollWidth); // the latter is 0 inline
const isWide = (slide, part) => part.getBoundingClientRect().left + width(part) > edge(slide) + 1;
const isCut = (slide) =>
  slide.offsetHeight > HEIGHT || [...slide.querySelectorAll("pre, table, mjx-container, p, ul")].some((part) => isWide(slide, part));

// A formula or a table that is too wide gets smaller by itself, and so do lines of code and figures, which are
// broken where that is not enough; a slide that is too high gets smaller as a whole.
const fit = (slide) => {
  let narrowest = 1, scale = 1;
  for (const part of slide.querySelectorAll("pre, table, mjx-container[display='true'], p > mjx-container")) {
    if (!isWide(slide, part)) continue;
    let share = Math.max(SMALLEST, (edge(slide) - part.getBoundingClientRect().left) / (width(part) + 4));
    if (part.tagName === "PRE" && share < 0.8) {
      share = 0.8;
      part.style.whiteSpace = "pre-wrap";
    }
    part.style.fontSize = `${parseFloat(getComputedStyle(part).fontSize) / parseFloat(getComputedStyle(part.parentElement).fontSize) * share}em`;
    narrowest = Math.min(narrowest, share);
  }
  while (isCut(slide) && scale > SMALLEST) {
    scale = Math.round((scale - 0.05) * 100) / 100;
    slide.style.fontSize = `${scale * 100}%`;
  }
  slide.dataset.scale = Math.round(scale * narrowest * 100) / 100;
  slide.dataset.cut = isCut(slide);
};

const begin = async () => {
  const deck = document.querySelector(".reveal");
  const slides = [...deck.querySelectorAll(".slides section")].filter((slide) => !slide.querySelector("section"));
  if (window.MathJax?.typesetPromise) await MathJax.typesetPromise([deck.querySelector(".slides")]);
  await Promise.all([...deck.querySelectorAll("img")].map((picture) => picture.decode().catch(() => null)));
  slides.forEach(fit);
  deck.classList.remove("measuring");
  await Reveal.initialize({
    width: WIDTH, height: HEIGHT, margin: 0.03, center: false, hash: true, slideNumber: "c/t", transition: "none",
    plugins: [RevealNotes],
  });
  document.documentElement.dataset.ready = "yes";
};

addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  await begin();
});
