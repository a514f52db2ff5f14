const dot = document.querySelector("i"), words = document.querySelector("span"), page = document.querySelector("a");
const all = JSON.parse(words.dataset.all);
const show = (indicator, text) => {
  dot.className = indicator;
  text = all[text] ?? text;
  if (words.textContent !== text) words.textContent = text;
  // The site around may fit its frame: it hears nothing that its visitors do not see.
  parent.postMessage({type: "statuspage", indicator, description: text, width: page.offsetWidth, height: page.offsetHeight}, "*");
};
const ask = () => document.hidden || fetch(page.href + "/api/v2/status.json", {cache: "no-cache"}).then(r => r.json())
  .then(x => show(x.status.indicator, x.status.description)).catch(() => show("unknown", "Status unknown"));
show(dot.className, words.textContent);
addEventListener("focus", ask);
setInterval(ask, 6e4);
