/** The menu closes as menus do: by Escape, by a click elsewhere, by leaving it with the keyboard. */
export function menu() {
  const box = document.querySelector("details.subscribe");
  if (!(box instanceof HTMLDetailsElement)) return;
  /** @param {Event} e */
  const outside = (e) => {
    if (e.target instanceof Node && !box.contains(e.target)) box.open = false;
  };
  document.addEventListener("pointerdown", outside);
  document.addEventListener("focusin", outside);
  box.addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || !box.open) return;
    box.open = false;
    box.querySelector("summary")?.focus();
  });
}
