// A changed filter is sent at once; without this, there is a button.
for (const select of document.querySelectorAll("form select")) {
  select.addEventListener("change", () => {
    // A version of another product would show nothing.
    if (select.name === "product") select.form.elements.version.value = "";
    select.form.submit();
  });
}
