/** Keeps our key, secret and signatures out of what GenAuth's texts carry back to callers. */

/** Stands in the place of a text of GenAuth's that holds a secret of ours. */
export const WITHHELD = "GenAuth's message is withheld: it contains credentials of this gateway.";

/** GenAuth documents uuids; whatever else comes is passed on only if it looks like an id. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** As base64 has it for URLs (RFC 4648, section 5). */
const forUrl = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');

/** As JSON of programs that write nothing but ASCII. */
const inAscii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** As JSON of PHP's, which may be read by a page. */
const withoutSlashes = (json: string): string => json.replaceAll('/', '\\/');

/** The forms in which a secret may come back: as it is, in a URL, in JSON, in base64. Case is ignored on both sides. */
function spellings(secret: string): Set<string> {
  const base64 = Buffer.from(secret, 'utf8').toString('base64').replace(/=+$/, '');
  const json = JSON.stringify(secret).slice(1, -1);
  const inJson = [json, inAscii(json), withoutSlashes(json), withoutSlashes(inAscii(json))];
  const forms = [secret, encodeURIComponent(secret), ...inJson, base64, forUrl(base64)];
  return new Set(forms.map((form) => form.toLowerCase()));
}

/** Of a signature, which is base64 by itself: JSON has no more to escape in it than its slashes. One is made for each call. */
function spellingsOfSignature(signature: string): Set<string> {
  const base64 = Buffer.from(signature, 'latin1').toString('base64').replace(/=+$/, '');
  const forms = [signature, forUrl(signature), encodeURIComponent(signature), withoutSlashes(signature), base64];
  return new Set(forms.map((form) => form.toLowerCase()));
}

/** @param text in lower case. Hardly a form is shorter than the secret itself, so most texts are told clean by their length. */
function holds(text: string, secret: string, forms: () => ReadonlySet<string>): boolean {
  if (secret === '' || text.length < secret.length) return false;
  for (const form of forms()) if (text.includes(form)) return true;
  return false;
}

export class Redaction {
  private readonly secrets: { secret: string; forms: ReadonlySet<string> }[];

  /** @param signatures those made for one call, whose forms are looked for only where a text is long enough */
  constructor(
    secrets: readonly string[] | Redaction,
    private readonly signatures: readonly string[] = [],
  ) {
    this.secrets =
      secrets instanceof Redaction ? secrets.secrets : secrets.map((secret) => ({ secret, forms: spellings(secret) }));
  }

  /** Also knows the signatures made for one call. */
  with(signatures: readonly string[]): Redaction {
    return new Redaction(this, signatures);
  }

  private isClean(text: string): boolean {
    const lower = text.toLowerCase();
    for (const { secret, forms } of this.secrets) if (holds(lower, secret, () => forms)) return false;
    for (const signature of this.signatures)
      if (holds(lower, signature, () => spellingsOfSignature(signature))) return false;
    return true;
  }

  message(text: string): string {
    return this.isClean(text) ? text : WITHHELD;
  }

  requestId(id: string | null): string | null {
    return id !== null && REQUEST_ID.test(id) && this.isClean(id) ? id : null;
  }
}
