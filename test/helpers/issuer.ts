import { atEnd } from './at-end';
import { makeKey, TestIssuer } from './test-issuer';

/** An issuer that ends with the test file, with one key for each algorithm. */
export async function startTestIssuer(...algorithms: string[]): Promise<TestIssuer> {
  const issuer = new TestIssuer();
  issuer.keys = await Promise.all((algorithms.length > 0 ? algorithms : ['RS256']).map((name) => makeKey(name)));
  await issuer.start();
  atEnd(() => issuer.stop());
  return issuer;
}
