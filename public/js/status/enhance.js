import { deal } from './days.js';
import { slider } from './strip.js';
import { localise } from './time.js';

/**
 * Prepares a document as the script wants it: the page at the start, and each newer copy before it is compared with the page.
 * @param {Document} doc
 */
export function enhance(doc) {
  localise(doc);
  deal(doc);
  for (const strip of doc.querySelectorAll('.strip')) slider(doc, /** @type {HTMLElement} */ (strip));
}
