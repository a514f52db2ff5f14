// The one colour that an organisation sets. What stands on it is black or white, whichever reads better. The ring of
// what has the focus is the colour moved towards the text's until it can be seen on every ground (WCAG 2.2, 1.4.11).

/** @typedef {[number, number, number]} Colour red, green and blue, 0 to 255 */

/** @param {number} channel 0 to 255 */
const linear = (channel) => {
  const c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
};

/** @param {string} text #rrggbb @returns {Colour} */
const parse = (text) => /** @type {Colour} */ ([1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)));

/** @param {Colour} c */
const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);

/** The contrast of two colours by WCAG 2. @param {string} a @param {string} b both #rrggbb */
export function contrast(a, b) {
  const [x, y] = [luminance(parse(a)), luminance(parse(b))];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** What a focused thing may stand on (--ground, --surface, --raised), and where a ring goes that is not seen there. */
export const grounds = {
  light: { on: ['#fbfbfa', '#ffffff'], towards: '#1c1e21' },
  dark: { on: ['#121316', '#1a1c1f', '#22252a'], towards: '#ecedee' },
};

/** @param {string} colour #rrggbb @param {{on: string[], towards: string}} ground @returns {string} #rrggbb */
export function ring(colour, { on, towards }) {
  const [from, to] = [parse(colour), parse(towards)];
  for (let part = 0; part < 1; part += 0.05) {
    const mixed = from.map((c, i) => Math.round(c + (to[i] - c) * part));
    const text = `#${mixed.map((c) => c.toString(16).padStart(2, '0')).join('')}`;
    if (on.every((under) => contrast(text, under) >= 3)) return text;
  }
  return towards;
}

let shown = '';

/** @param {string} colour #rrggbb, or "" for the house colour */
export function accent(colour) {
  if (colour === shown) return;
  shown = colour;
  const { style } = document.documentElement;
  const own = /^#[0-9a-f]{6}$/i.test(colour);
  /** @type {Record<string, string>} */
  const set = own
    ? {
        '--accent': colour,
        '--on-accent': contrast(colour, '#ffffff') >= contrast(colour, '#000000') ? '#ffffff' : '#000000',
        '--ring-light': ring(colour, grounds.light),
        '--ring-dark': ring(colour, grounds.dark),
      }
    : { '--accent': '', '--on-accent': '', '--ring-light': '', '--ring-dark': '' };
  for (const [name, value] of Object.entries(set)) style.setProperty(name, value);
}
