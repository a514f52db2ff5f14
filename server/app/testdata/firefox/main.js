// Drives Firefox over WebDriver BiDi: main.js FIREFOX BASE SLUG EMAIL PASSWORD.
// It prints a line for each step that the test does for it ("cut", "plug") and waits for a line; at the end "done".
import { createInterface } from 'node:readline/promises';
import puppeteer from 'puppeteer-core';

const [firefox, base, slug, email, password] = process.argv.slice(2);
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const browser = await puppeteer.launch({ browser: 'firefox', executablePath: firefox, headless: true });
const broken = [];

async function ask(step) {
  console.log(step);
  await answers.next();
}

async function open(path) {
  const tab = await browser.newPage();
  tab.setDefaultTimeout(60_000);
  // A connection that was refused is told as an error, too, and is part of what is tried here.
  tab.on('pageerror', (error) => /ws:\/\//.test(error) || broken.push(String(error)));
  tab.until = (condition) =>
    tab.waitForFunction(condition).catch(async (error) => {
      const text = await tab.evaluate('document.body.innerText').catch(String);
      throw new Error(`never true: ${condition}: ${error}\nthe page: ${text}`);
    });
  await tab.goto(base + path);
  return tab;
}

// incident opens one with the keyboard alone.
async function incident(tab, title, state) {
  await tab.keyboard.press('i');
  await tab.until(`document.querySelector('dialog[open]') && document.activeElement?.id === 'f-title'`);
  await tab.keyboard.type(title);
  await tab.keyboard.press('Tab'); // the first service
  await tab.keyboard.press(' ');
  await tab.until(`document.querySelector('dialog[open] .pick.on')`);
  await tab.keyboard.press('Tab'); // its state
  await tab.keyboard.press(state[0].toLowerCase());
  await tab.until(`document.activeElement.selectedOptions?.[0].textContent === '${state}'`);
  await tab.keyboard.down('Control');
  await tab.keyboard.press('Enter');
  await tab.keyboard.up('Control');
  await tab.until(`document.querySelector('main h1')?.textContent === '${title}'`);
}

const live = `document.querySelector('.connection.live') && document.querySelector('main h1')`;
try {
  const page = await open(`/status/${slug}`);
  await page.until(`document.documentElement.dataset.script && document.querySelector('main').dataset.seq`);
  await page.evaluate('window.notReloaded = true');

  const admin = await open('/login');
  await admin.until(`document.activeElement?.id === 'email'`);
  await admin.keyboard.type(email);
  await admin.keyboard.press('Tab');
  await admin.keyboard.type(password);
  await admin.keyboard.press('Enter');
  await admin.until(live);
  await incident(admin, 'Checkout fails for some', 'Partial Outage');
  await admin.until(`!document.querySelector('.pip.pending')`);
  await page.until(`window.notReloaded && document.querySelector('main').textContent.includes('Minor Service Outage')
    && document.querySelector('main').textContent.includes('Checkout fails for some')`);

  await admin.until('navigator.serviceWorker.controller');
  await ask('cut');
  await admin.until(`document.querySelector('.connection.offline')`);
  await admin.reload();
  await admin.until(`document.querySelector('.connection.offline') && document.querySelector('main h1')`);
  await admin.evaluate(`document.querySelector('main button')?.blur()`);
  await incident(admin, 'In a tunnel', 'Major Outage');
  await admin.until(`document.querySelector('.connection .count')?.textContent === '1 queued'`);
  await ask('plug');
  await admin.until(live);
  await admin.until(`!document.querySelector('.connection .count')`);
  await page.until(`document.querySelector('main').textContent.includes('In a tunnel')`);
  if (broken.length) throw new Error(`scripts broke: ${broken.join('\n')}`);
  await ask('done');
} finally {
  await browser.close();
}
process.exit(0);
