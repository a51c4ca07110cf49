/** What the set-up of all tests hands to their tear-down: one process, but jest loads each of them anew. */
import type { PostgresServer } from './postgres';

interface GlobalState {
  template: string;
  server: PostgresServer | null;
}

const slot = globalThis as { kickGatewayTests?: GlobalState };

export function keepForTheEnd(kept: GlobalState): void {
  slot.kickGatewayTests = kept;
}

export const takeAtTheEnd = (): GlobalState | undefined => slot.kickGatewayTests;
