/** The menu closes as menus do: by Escape, by a click elsewhere, by leaving it with the keyboard. */
export function menu() {
  const box = /** @type {HTMLDetailsElement | null} */ (document.getElementById("subscribe"));
  if (!box) return;
  for (const event of ["pointerdown", "focusin"]) {
    document.addEventListener(event, (e) => box.contains(/** @type {Node} */ (e.target)) || (box.open = false));
  }
  box.addEventListener("keydown", (e) => {
    if (e.key !== "Escape" || !box.open) return;
    box.open = false;
    box.querySelector("summary")?.focus();
  });
}
