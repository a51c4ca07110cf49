/** What the processes of the soak tell the one that judges. */
export interface EmulatorReady {
  /** Points a gateway at it. */
  env: Record<string, string>;
  userIds: string[];
  appId: string;
}

export interface GatewayReady {
  url: string;
  metricsUrl: string;
}

/** How many of each kind keep the process going (process.getActiveResourcesInfo). */
export type Handles = Record<string, number>;

/** Of the gateway, once a second. */
export interface Sample {
  residentBytes: number;
  handles: Handles;
  /** The longest delay of the event loop in this second. Milliseconds. */
  worstDelayMs: number;
  /** Of all delays since the start. Milliseconds. */
  p50DelayMs: number;
  p99DelayMs: number;
}
