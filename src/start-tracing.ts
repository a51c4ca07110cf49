/** The first import of main.ts, for its effect: HTTP and GraphQL are wrapped as they are loaded, so this comes before. */
import { readTracingEndpoint } from './config-environment';
import { startTracing } from './observability/tracing';

export const tracing = startTracing(readTracingEndpoint());
