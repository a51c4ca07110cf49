/** The metrics of a gateway, as Prometheus reads them. */

export interface Scrape {
  text: string;
  /** Of the series with these labels among its own, all added up; undefined when there is none. */
  value: (name: string, labels?: Record<string, string>) => number | undefined;
}

const SERIES = /^(\w+)(?:\{(.*)\})? (\S+)$/;

export async function scrape({ metricsUrl }: { metricsUrl: string | null }): Promise<Scrape> {
  const response = await fetch(metricsUrl ?? '');
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  const lines = text.split('\n').flatMap((line) => {
    const [, name = '', list = '', value] = SERIES.exec(line) ?? [];
    return value === undefined ? [] : [{ name, list: list.split(','), value: Number(value) }];
  });
  return {
    text,
    value: (name, labels = {}) => {
      const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      const found = lines.filter((line) => line.name === name && wanted.every((label) => line.list.includes(label)));
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
    },
  };
}
