// What the interface says, in its reader's language. The English text stands where it is said, as a template with the
// tag t; it is the key of a catalogue, public/words/<language>.json, with {0}, {1}, … for what stands in it. English
// needs no catalogue.
// This module waits for the catalogue of the chosen language: whatever imports it runs with the words in place.

/** The languages of the interface, and how they call themselves. @type {Record<string, string>} */
export const languages = { en: 'English', de: 'Deutsch', fr: 'Français', es: 'Español', ja: '日本語' };

const NAME = 'interface';
const YEAR = 365 * 24 * 3600;
/** Longer than a slow network takes for a catalogue; without one the interface speaks English. In milliseconds. */
const PATIENCE = 10_000;

const root = globalThis.document?.documentElement;
/** Where the catalogues are, by language: a page that has none speaks English. @type {Record<string, string>} */
const addresses = JSON.parse(root?.dataset?.words || '{}');

/** @param {string} [tag] a language such as de-AT */
const known = (tag) => Object.keys(languages).find((l) => l === tag?.toLowerCase().split('-')[0]);

/** What was chosen in this browser, or else the first of its languages that the interface has. */
function wished() {
  const kept = known(new RegExp(`(?:^|; )${NAME}=(\\w+)`).exec(document.cookie)?.[1]);
  return kept ?? navigator.languages.map(known).find(Boolean) ?? 'en';
}

/**
 * A catalogue; empty when it cannot be had.
 * @param {string} address @returns {Promise<Record<string, string|Record<string, string>>>}
 */
async function fetched(address) {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

// A page that the server wrote in a language speaks that.
const wish = root?.dataset?.language ?? (root?.dataset?.words ? wished() : 'en');
const catalogue = addresses[wish] ? await fetched(addresses[wish]) : {};

/** The languages that can be chosen: those that have a catalogue. */
export const offered = Object.keys(languages).filter((tag) => tag === 'en' || addresses[tag]);

/** The language that is spoken here. */
export const language = Object.keys(catalogue).length ? wish : 'en';

/** How dates and numbers are written. */
export const locale = language === 'en' ? 'en-GB' : language;

if (root?.dataset?.words && !root.dataset.language) root.lang = language;

const plural = new Intl.PluralRules(language);
const digits = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });

/** A number as the language writes it. @param {number} n */
export const number = (n) => digits.format(n);

const percents = new Intl.NumberFormat(locale, { style: 'unit', unit: 'percent', maximumFractionDigits: 3 });

/** A percentage as the language writes it, "99.98%". @param {string|number|null|undefined} n 0 to 100, or none */
export const percent = (n) => (n == null || Number.isNaN(Number(n)) ? '–' : percents.format(Number(n)));

/** Another language from the next start on, which is now. @param {string} to */
export function choose(to) {
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  // biome-ignore lint/suspicious/noDocumentCookie: one that lives for a year, and that each tab reads before it draws
  document.cookie = `${NAME}=${to}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
  const url = new URL(location.href);
  url.searchParams.delete('lang');
  history.replaceState(null, '', url);
  location.reload();
}

for (const link of globalThis.document?.querySelectorAll?.('a[data-speak]') ?? []) {
  link.addEventListener('click', (event) => {
    event.preventDefault(); // the address is kept with what stands behind #
    choose(/** @type {HTMLElement} */ (link).dataset.speak ?? 'en');
  });
}

/** @param {string} text @param {unknown[]} values @returns {any} */
function fill(text, values) {
  if (!values.length) return text;
  const parts = text.split(/\{(\d)\}/).map((part, i) => (i % 2 ? values[Number(part)] : part));
  if (parts.some((p) => typeof p === 'object' && p !== null)) return parts;
  return parts.map((p) => (typeof p === 'number' ? number(p) : p)).join('');
}

/** A text of a catalogue, in the form for a number. @param {string} key @param {number} [n] */
function said(key, n) {
  const forms = catalogue[key];
  if (typeof forms === 'string' || !forms) return forms;
  return forms[n === undefined ? 'other' : plural.select(n)] ?? forms.other;
}

/**
 * A text in the reader's language: t`Offered by ${name}`. Of texts it makes a text; with templates in it, parts to be
 * drawn.
 * @type {{(strings: TemplateStringsArray, ...values: (string|number)[]): string,
 *   (strings: TemplateStringsArray, ...values: unknown[]): any}}
 */
export const t = (strings, ...values) =>
  phrase(
    strings.reduce((all, text, i) => `${all}{${i - 1}}${text}`),
    ...values,
  );

/**
 * The same for a text that a table holds. The tool that compares the catalogues with the sources knows the tables.
 * @param {string} key @param {...any} values @returns {any}
 */
export const phrase = (key, ...values) => fill(said(key) ?? key, values);

/**
 * A text that depends on a number, which stands at {0}: many(n, '{0} change waits', '{0} changes wait'). Its key is the
 * second one.
 * @param {number} n @param {string} one @param {string} other @param {...(string|number)} values from {1} on
 * @returns {string}
 */
export const many = (n, one, other, ...values) => fill(said(other, n) ?? (n === 1 ? one : other), [n, ...values]);

/** A number of things: count(3, 'service'). @param {number} n @param {string} one @param {string} [several] */
export const count = (n, one, several = `${one}s`) => many(n, `{0} ${one}`, `{0} ${several}`);
