// All views of an image move together: wheel to zoom, drag to pan, keys to do either.
document.querySelectorAll("[data-group]").forEach((group) => {
  const views = [...group.querySelectorAll(".view")];
  const at = { scale: 1, x: 0, y: 0 };
  const show = () => {
    at.scale = Math.min(40, Math.max(1, at.scale));
    const least = 1 - at.scale;
    at.x = Math.min(0, Math.max(least, at.x));
    at.y = Math.min(0, Math.max(least, at.y));
    views.forEach((view) => view.querySelectorAll("img").forEach((picture) => {
      picture.style.transform = `translate(${100 * at.x}%, ${100 * at.y}%) scale(${at.scale})`;
    }));
  };
  const place = (view, event) => {
    const box = view.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  const zoom = (factor, x, y) => {
    const before = at.scale;
    at.scale = Math.min(40, Math.max(1, before * factor));
    at.x = x - (x - at.x) * at.scale / before;
    at.y = y - (y - at.y) * at.scale / before;
    show();
  };
  const point = (x, y) => views.forEach((view) => {
    const cross = view.querySelector(".cross");
    cross.style.display = x === null ? "none" : "block";
    if (x !== null) { cross.style.left = `${100 * x}%`; cross.style.top = `${100 * y}%`; }
  });
  let held = null;
  views.forEach((view) => {
    view.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 300), ...place(view, event));
    }, { passive: false });
    view.addEventListener("pointerdown", (event) => {
      held = [...place(view, event), at.x, at.y];
      view.setPointerCapture(event.pointerId);
    });
    view.addEventListener("pointermove", (event) => {
      const [x, y] = place(view, event);
      point(x, y);
      if (held) { at.x = held[2] + x - held[0]; at.y = held[3] + y - held[1]; show(); }
    });
    ["pointerup", "pointercancel"].forEach((name) => view.addEventListener(name, () => { held = null; }));
    view.addEventListener("pointerleave", () => point(null));
    view.addEventListener("dblclick", () => { at.scale = 1; show(); });
    view.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
      if (event.key === "+" || event.key === "=") zoom(1.25, 0.5, 0.5);
      else if (event.key === "-") zoom(0.8, 0.5, 0.5);
      else if (event.key === "0") { at.scale = 1; show(); }
      else if (steps[event.key]) { at.x += steps[event.key][0]; at.y += steps[event.key][1]; show(); }
      else return;
      event.preventDefault();
    });
  });
  group.querySelectorAll("input[name]").forEach((choice) => choice.addEventListener("change", () => {
    group.querySelectorAll(".view img").forEach((picture) => {
      picture.classList.toggle("on", picture.dataset.layer === choice.value);
    });
  }));
  group.querySelector("button").addEventListener("click", () => { at.scale = 1; show(); });
});
