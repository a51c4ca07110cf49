/** Keeps our key, secret and signatures out of what GenAuth's texts carry back to callers. */

/** Stands in the place of a text of GenAuth's that holds a secret of ours. */
export const WITHHELD = "GenAuth's message is withheld: it contains credentials of this gateway.";

/** GenAuth documents uuids; whatever else comes is passed on only if it looks like an id. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The forms in which a secret may come back: as it is, in a URL, in base64. Case is ignored on both sides. */
function spellings(secret: string): string[] {
  const base64 = Buffer.from(secret, 'utf8').toString('base64').replace(/=+$/, '');
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64].map((form) =>
    form.toLowerCase(),
  );
}

export class Redaction {
  private readonly forms: string[];

  constructor(secrets: readonly string[]) {
    this.forms = secrets.flatMap(spellings).filter((form) => form !== '');
  }

  /** Also knows the signatures made for one call. */
  with(secrets: readonly string[]): Redaction {
    const wider = new Redaction(secrets);
    wider.forms.push(...this.forms);
    return wider;
  }

  private isClean(text: string): boolean {
    const lower = text.toLowerCase();
    return !this.forms.some((form) => lower.includes(form));
  }

  message(text: string): string {
    return this.isClean(text) ? text : WITHHELD;
  }

  requestId(id: string | null): string | null {
    return id !== null && REQUEST_ID.test(id) && this.isClean(id) ? id : null;
  }
}
