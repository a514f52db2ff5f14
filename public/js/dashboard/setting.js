import { t } from '../language.js';
/** The settings of how the page looks, with their labels. */
export const looks = {
  theme: t`Light or dark`,
  look: t`Look`,
  density: t`Density`,
  header_text: t`Line under the head`,
  custom_css: t`Stylesheet`,
  reports: t`Visitors’ reports of problems`,
};

/** The settings of an organisation, with their labels. */
export const labels = {
  name: t`Name`,
  description: t`Description`,
  url: t`Web site`,
  hostname: t`Host name`,
  time_zone: t`Time zone`,
  accent: t`Accent colour`,
  announcement: t`Announcement`,
  ...looks,
};
