/** Ctrl+Enter (⌘Enter) sends the form that it is pressed in, or the one of the open dialog, with all that was typed. */
export function publishKey() {
  document.addEventListener('keydown', (e) => {
    if (e.key !== 'Enter' || !(e.ctrlKey || e.metaKey) || e.altKey || e.repeat || e.isComposing) return;
    const at = e.target instanceof HTMLElement ? e.target : document.body;
    const form = at.closest('form') ?? document.querySelector('dialog[open] form');
    if (!(form instanceof HTMLFormElement)) return;
    e.preventDefault();
    // A field that is left tells its last change; then the eye is where it was.
    at.blur();
    at.focus({ preventScroll: true });
    form.requestSubmit();
  });
}
