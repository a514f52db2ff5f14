// What scripts say, in the page's language: the server puts the words of all but English into the page.
const given = document.getElementById('page-words')?.textContent;
/** @type {Record<string, string>} */
const words = given ? JSON.parse(given) : {};

/** @param {string} text in English @param {string} [x] in the place of {x} */
export const t = (text, x = '') => (words[text] ?? text).replace('{x}', x);
