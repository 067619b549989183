// the theme gives the arrows of its tables of contents no name, and its search another than it shows
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll(".search-button-field")) button.removeAttribute("aria-label");
  for (const arrow of document.querySelectorAll("summary:not([aria-label])")) {
    if (!arrow.textContent.trim()) {
      const link = arrow.closest("li")?.querySelector("a");
      arrow.setAttribute("aria-label", `What is below ${link?.textContent.trim() ?? "this"}`);
    }
  }
});
