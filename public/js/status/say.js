/** @type {string[]} */
let words = [];
/** @type {number | undefined} */
let timer;

/** Says something to who listens rather than looks; what comes together is said together. @param {string} sentence */
export function say(sentence) {
  if (!words.includes(sentence)) words.push(sentence);
  clearTimeout(timer);
  timer = setTimeout(() => {
    const region = document.getElementById('say');
    const text = words.join(' ');
    if (region) region.textContent = region.textContent === text ? `${text}\u00a0` : text; // the same again is news, too
    words = [];
  }, 400);
}
