/** A line's calls, a letter each, as its row has them (see migration 4). Pure. */

export type CallLetter = '.' | 's' | 'r' | 'k' | 'f' | 'u';

const LETTERS: ReadonlySet<string> = new Set(['.', 's', 'r', 'k', 'f', 'u']);
const isLetter = (text: string): text is CallLetter => LETTERS.has(text);

export class CallLetters {
  private readonly letters: CallLetter[];

  constructor(text: string) {
    this.letters = [...text].filter(isLetter);
  }

  get count(): number {
    return this.letters.length;
  }

  at(index: number): CallLetter {
    return this.letters[index] ?? '.';
  }

  set(index: number, letter: CallLetter): void {
    this.letters[index] = letter;
  }

  /** For all calls that nothing is known of yet. */
  setRest(letter: CallLetter): void {
    this.letters.forEach((known, index) => {
      if (known === '.' || known === 's' || known === 'r') this.letters[index] = letter;
    });
  }

  has(letter: CallLetter): boolean {
    return this.letters.includes(letter);
  }

  /** Whether a sending is still without an answer. */
  get isAwaited(): boolean {
    return this.has('s') || this.has('r');
  }

  countOf(letter: CallLetter): number {
    return this.letters.filter((known) => known === letter).length;
  }

  /** The row's text with one letter in the place of another. */
  with(index: number, letter: CallLetter): string {
    return this.letters.map((known, at) => (at === index ? letter : known)).join('');
  }

  toString(): string {
    return this.letters.join('');
  }
}
