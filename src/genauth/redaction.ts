/** Keeps our key, secret and signatures out of what GenAuth's texts carry back to callers. */

/** Stands in the place of a text of GenAuth's that holds a secret of ours. */
export const WITHHELD = "GenAuth's message is withheld: it contains credentials of this gateway.";

/** GenAuth documents uuids; whatever else comes is passed on only if it looks like an id. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The forms in which a secret may come back: as it is, in a URL, in JSON, in base64. Case is ignored on both sides. */
function spellings(secret: string): Set<string> {
  const base64 = Buffer.from(secret, 'utf8').toString('base64').replace(/=+$/, '');
  const forms = new Set<string>();
  for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64]) {
    forms.add(form.toLowerCase());
  }
  return forms;
}

/** @param text in lower case. No form is shorter than the secret itself, so most texts are told clean by their length. */
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
    for (const signature of this.signatures) if (holds(lower, signature, () => spellings(signature))) return false;
    return true;
  }

  message(text: string): string {
    return this.isClean(text) ? text : WITHHELD;
  }

  requestId(id: string | null): string | null {
    return id !== null && REQUEST_ID.test(id) && this.isClean(id) ? id : null;
  }
}
