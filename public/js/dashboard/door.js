/** How people sign in, as the page is told: '' by the form of /login, 'clerk' by Clerk's there, 'elsewhere' by another issuer's own pages. */
export const door = document.documentElement.dataset.door ?? '';
