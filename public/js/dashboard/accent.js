// The one colour that an organisation sets. What stands on it is black or white, whichever reads better (WCAG 2, contrast).

/** @param {number} channel 0 to 255 */
const linear = (channel) => {
  const c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
};

let shown = '';

/** @param {string} colour #rrggbb, or "" for the house colour */
export function accent(colour) {
  if (colour === shown) return;
  shown = colour;
  const { style } = document.documentElement;
  if (!/^#[0-9a-f]{6}$/i.test(colour)) {
    style.removeProperty('--accent');
    style.removeProperty('--on-accent');
    return;
  }
  const [r, g, b] = [1, 3, 5].map((at) => linear(parseInt(colour.slice(at, at + 2), 16)));
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  style.setProperty('--accent', colour);
  style.setProperty('--on-accent', 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? '#ffffff' : '#000000');
}
