import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Memory, processor time and event loop of this process, and that it is one: the sum over workers is their number. */
export function createProcessMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({ name: 'kick_gateway_workers', help: 'Processes that serve.', registers: [registry] }).set(1);
  return registry;
}
