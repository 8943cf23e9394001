// The values of heat_template_version that Heat knows, oldest first; a release's name stands for its date.

const dates = [
  "2013-05-23",
  "2014-10-16",
  "2015-04-30",
  "2015-10-15",
  "2016-04-08",
  "2016-10-14",
  "2017-02-24",
  "2017-09-01",
  "2018-03-02",
  "2018-08-31",
  "2021-04-16",
] as const;

export type HeatVersion = (typeof dates)[number];

const releases: Record<string, HeatVersion> = {
  newton: "2016-10-14",
  ocata: "2017-02-24",
  pike: "2017-09-01",
  queens: "2018-03-02",
  rocky: "2018-08-31",
  wallaby: "2021-04-16",
};

/** All values that a template may give, dates first. */
export const versionNames: readonly string[] = [...dates, ...Object.keys(releases)];

export const newestVersion: HeatVersion = "2021-04-16";

/** Returns the date that a template's heat_template_version stands for, or undefined for one that Heat does not know. Dates compare as texts. */
export function findVersion(name: string): HeatVersion | undefined {
  return dates.find((date) => date === name) ?? (Object.hasOwn(releases, name) ? releases[name] : undefined);
}
