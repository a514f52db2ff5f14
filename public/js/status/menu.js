/** Subscribe opens a dialog, which is fetched then; where it cannot be had, the menu. */
export function menu() {
  const box = /** @type {HTMLDetailsElement} */ (document.getElementById('subscribe'));
  document.addEventListener('click', (e) => {
    const at = /** @type {HTMLElement | null} */ (/** @type {Element} */ (e.target).closest('[data-subscribe]'))
      ?.dataset.subscribe;
    if (!at || box.open) return;
    e.preventDefault();
    import(box.dataset.more ?? '').then((m) => m.ask(at)).catch(() => (box.open = true));
  });
}
