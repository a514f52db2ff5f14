/** The settings of how the page looks, with their labels. */
export const looks = {
  theme: 'Light or dark',
  look: 'Look',
  density: 'Density',
  header_text: 'Line under the head',
  custom_css: 'Stylesheet',
  reports: 'Visitors’ reports of problems',
};

/** The settings of an organisation, with their labels. */
export const labels = {
  name: 'Name',
  description: 'Description',
  url: 'Web site',
  hostname: 'Host name',
  time_zone: 'Time zone',
  accent: 'Accent colour',
  announcement: 'Announcement',
  ...looks,
};
