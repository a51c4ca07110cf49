import { WorkerRefusal } from './cluster/worker-pool';
import { ConfigError } from './config';
import { NoConnectionError } from './store/away';
import { describeDatabaseFault } from './store/database-fault';

/** As PostgreSQL's manual has them in appendix A. Node's codes have no digits at such a length, but for E2BIG, of which nothing here comes. */
const SQLSTATE = /^(?=.*\d)[\dA-Z]{5}$/;

/** What keeps the gateway from starting, one line for each reason. */
export function startFaultsOf(error: unknown): string[] {
  if (error instanceof ConfigError || error instanceof WorkerRefusal) return error.faults;
  if (!(error instanceof Error)) return [String(error)];
  if (error instanceof NoConnectionError) {
    return [`the database is not reachable, or refuses this gateway${describeDatabaseFault(error)}`];
  }
  if (!('code' in error)) return [error.message];
  if (error.code === 'EADDRINUSE')
    return ['HOST and PORT are taken by another process; set another PORT, or 0 for a free one'];
  // Of listening alone: files have faults of their own.
  const isListening = 'syscall' in error && (error.syscall === 'listen' || error.syscall === 'bind');
  if (error.code === 'EACCES' && isListening) return ['PORT may not be used by this user; set one above 1023'];
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') return ['HOST is no address of this machine'];
  // Its own words may name users and hosts.
  if (SQLSTATE.test(String(error.code))) return [`the database refuses this gateway${describeDatabaseFault(error)}`];
  return [error.message];
}
