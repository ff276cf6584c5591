// Pages work without this. With it, a changed filter is sent at once, charts are found while somebody types,
// arrow keys lead from week to week, and a chart can be saved as a PNG.
for (const select of document.querySelectorAll("form select")) {
  select.addEventListener("change", () => {
    const { elements } = select.form;
    // A version of another product would show nothing, and a number of weeks replaces a range of days.
    if (select.name === "product" && elements.version) elements.version.value = "";
    if (select.name === "weeks" && elements.from) elements.from.value = elements.to.value = "";
    select.form.submit();
  });
}

const search = document.querySelector("input[type=search]");
if (search) {
  search.addEventListener("input", () => {
    const wanted = search.value.toLowerCase();
    for (const section of document.querySelectorAll("section.schema")) {
      const all = section.querySelector("h2").textContent.toLowerCase().includes(wanted);
      let found = all;
      for (const figure of section.querySelectorAll("figure")) {
        figure.hidden = !all && !figure.dataset.words.toLowerCase().includes(wanted);
        found ||= !figure.hidden;
      }
      section.hidden = !found;
    }
  });
}

for (const chart of document.querySelectorAll("svg.weeks")) {
  const weeks = [...chart.querySelectorAll(".week")];
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = step && weeks[weeks.indexOf(document.activeElement) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });
}

for (const svg of document.querySelectorAll("a[data-png]")) {
  const png = document.createElement("a");
  png.href = svg.href;
  png.textContent = "PNG";
  png.addEventListener("click", async (event) => {
    event.preventDefault();
    const picture = new Image();
    picture.src = svg.href;
    await picture.decode();
    const canvas = document.createElement("canvas");
    canvas.width = 2 * picture.naturalWidth;
    canvas.height = 2 * picture.naturalHeight;
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(document.body).backgroundColor;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => {
      const file = document.createElement("a");
      file.href = URL.createObjectURL(blob);
      file.download = `${svg.dataset.png}.png`;
      file.click();
      URL.revokeObjectURL(file.href);
    });
  });
  svg.after(" ", png);
}
