/** What is measured beside the table, by the names that the command line takes. */
export const MEASUREMENTS = ['latency', 'starts', 'workers', 'jobs'] as const;
export type Measurement = (typeof MEASUREMENTS)[number];

export const isMeasurement = (name: string): name is Measurement => MEASUREMENTS.some((known) => known === name);
