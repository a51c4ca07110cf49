import { ALL_SCOPES, type Scope } from './scope';

/** Who is calling: the subject of a token, told apart from namesakes of other issuers. */
export interface Principal {
  /** The token's `sub`. */
  subject: string;
  /** The token's `iss`. */
  issuer: string;
  scopes: ReadonlySet<Scope>;
  /** From then on the token gets nobody in. Milliseconds since 1970; Infinity when there is none. */
  untilMs: number;
}

/** Who it is, whatever they may do. */
export type Identity = Pick<Principal, 'issuer' | 'subject'>;

/** What tells callers apart wherever they are counted or take turns. */
export const identityKey = ({ issuer, subject }: Identity): string => JSON.stringify([issuer, subject]);

/** The one caller there is while no issuer is configured: development on a loopback address only. */
export const OPEN_PRINCIPAL: Principal = {
  subject: 'developer',
  issuer: 'local',
  scopes: new Set(ALL_SCOPES),
  untilMs: Infinity,
};
