/** What the processes of the soak tell the one that judges. */
export interface EmulatorReady {
  kind: 'ready';
  /** Points a gateway at it. */
  env: Record<string, string>;
  userIds: string[];
  appId: string;
}

export interface GatewayReady {
  kind: 'ready';
  url: string;
}

/** Once a second. */
export interface Sample {
  kind: 'sample';
  residentBytes: number;
  /** What keeps the process going, by kind (process.getActiveResourcesInfo). */
  handles: Record<string, number>;
}

/** At the end. Delays as perf_hooks has them, less the interval of its own timer. Milliseconds. */
export interface EventLoop {
  kind: 'event-loop';
  p50: number;
  p99: number;
  max: number;
}
