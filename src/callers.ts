import { admitAnyone, admitBearers } from './auth/authenticate';
import { SigningKeys } from './auth/signing-keys';
import { TokenVerifier } from './auth/token-verifier';
import type { Config } from './config';
import type { Logger } from './observability/logger';

/** Who may come in: bearers of the issuer's tokens, or anyone on this machine while there is no issuer. */
export async function chooseCallers({ auth }: Config, log: Logger) {
  if (auth === null) return { authenticate: admitAnyone, keys: null };
  const keys = new SigningKeys(auth, log);
  await keys.start();
  return { authenticate: admitBearers(new TokenVerifier(keys, auth.issuer, auth.audience)), keys };
}
